"""Do the labels of a set of frames belong together? The check before any training."""
