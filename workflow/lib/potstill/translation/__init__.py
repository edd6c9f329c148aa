"""Frames of one element scaled to another's volume and labelled with that element's potential."""

from potstill.translation.scaling import translate

__all__ = ["translate"]
