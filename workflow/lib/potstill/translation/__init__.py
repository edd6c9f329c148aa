"""Frames of one element scaled to another's volume."""
