"""Symmetry functions of atoms' surroundings, and their derivatives."""
