"""The study of selection strategies at equal numbers of frames."""
