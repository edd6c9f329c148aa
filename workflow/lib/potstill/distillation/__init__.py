"""Distillation: block by block, a strategy picks the frames to keep; the others are dropped."""
