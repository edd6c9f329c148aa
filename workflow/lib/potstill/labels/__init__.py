"""Frames labelled by another calculator than the EAM."""

from potstill.labels.chunks import join_chunks, relabel_chunk

__all__ = ["join_chunks", "relabel_chunk"]
