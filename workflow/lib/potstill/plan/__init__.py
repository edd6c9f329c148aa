"""What a run makes: models that the configuration implies, files by what they hold, targets."""

from potstill.plan.plan import Plan

__all__ = ["Plan"]
