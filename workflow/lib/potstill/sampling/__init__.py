"""Multiorder-multithermal (MOMT) and conventional isobaric sampling."""
