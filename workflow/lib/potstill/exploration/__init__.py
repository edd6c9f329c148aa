"""Where a model leads: dynamics that it drives, as far as it can be believed."""
