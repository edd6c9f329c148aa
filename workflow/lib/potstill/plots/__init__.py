"""Plots of result files, and what they read."""
