"""Frames: what they are, their files, and whether their labels belong together."""
