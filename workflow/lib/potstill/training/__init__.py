"""Training of an ensemble: data to a loss, the loop over steps, and the optimiser."""
