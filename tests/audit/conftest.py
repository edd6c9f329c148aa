"""The fixtures of `ensembles`."""

from ensembles import ensemble, labelled, liquid, make_ensemble, one_thread, thermal

__all__ = ["ensemble", "labelled", "liquid", "make_ensemble", "one_thread", "thermal"]
