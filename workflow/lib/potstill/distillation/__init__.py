"""Distillation: keep the frames that an ensemble of networks is unsure about, drop the others."""
