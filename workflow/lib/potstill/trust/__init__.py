"""How far predictions can be trusted."""
