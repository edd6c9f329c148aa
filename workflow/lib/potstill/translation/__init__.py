"""Frames of one element scaled to another's volume, and frames labelled by another calculator."""

from potstill.translation.relabel import join_chunks, relabel_chunk
from potstill.translation.scaling import translate

__all__ = ["join_chunks", "relabel_chunk", "translate"]
