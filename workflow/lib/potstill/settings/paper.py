"""What the paper's figures and tables need beside the method; nothing else knows these settings."""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from potstill.settings.base import Count, Factors, Proportion, Section
from potstill.settings.distillation import StrategyName

# Those that ask no model.
NativeStrategy = Literal[
    "d_optimal",
    "direct",
    "farthest_point",
    "grid",
    "random",
    "random_then_farthest",
    "set_cover",
]


class Study(Section):
    """The comparison of an element's selection strategies: `snakemake study`, no part of `all`."""

    source: str = Field(description="the set to choose from, a key of `sampling`")
    tests: tuple[str, ...] = Field(
        min_length=1, description="the sets that test the models, keys of `sampling`"
    )
    test_frames: Count = Field(
        2000,
        description="frames of each test set, drawn at random; of the source, never chosen",
    )
    strategies: tuple[StrategyName, ...] = Field(
        get_args(StrategyName), description="strategies to compare; random must be one"
    )
    shares: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.01, 0.02, 0.05, 0.1, 0.17),
        min_length=1,
        description="frames to choose, as shares of the source",
    )
    replicas: Count = Field(3, description="choices and trainings of each, with seeds of their own")
    start: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.5,
        description="part of the chosen frames that is drawn at random first, for strategies that "
        "ask a model",
    )
    steps: Count | None = Field(
        None, description="optimiser steps of the study's models; null for training.steps"
    )

    @model_validator(mode="after")
    def _with_random(self) -> Self:
        if "random" not in self.strategies:
            raise ValueError("strategies must hold random, which the others are compared with")
        return self


class Comparison(Section):
    """What a translation is compared with: `snakemake translation`, no part of `all`."""

    trials: tuple[Factors, ...] = Field(
        ((0.98,), (1.02,), (0.98, 1.0, 1.02), (0.96, 0.98, 1.0, 1.02, 1.04)),
        description="other `factors` to compare: only on request, `snakemake translation`",
    )
    bain_trials: tuple[Proportion, ...] = Field(
        (), description="other `bain_share` to compare: only on request, `snakemake translation`"
    )
    native: tuple[NativeStrategy, ...] = Field(
        ("random", "grid"),
        description="strategies that choose as much of the target's own set, to compare with",
    )
    test_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.25, description="share of the target's own set that tests that comparison, never chosen"
    )


class Paper(Section):
    """The figures and tables of the paper; without this section none of its rules is there."""

    grids: tuple[tuple[Count, Count], ...] = Field(
        ((8, 8), (16, 16)),
        description="cells along (H, O) of each grid-based distillation of the larger nickel set",
    )
    few_frames: tuple[Count, ...] = Field(
        (34, 68, 135),
        description="frames of models of ever fewer, spread evenly over the distilled nickel set's "
        "source: how few reach the paper's error on the larger set (`snakemake reproduction`)",
    )
    seeds: int = Field(
        5,
        ge=2,
        description="trainings of each model in the tables of `snakemake seeds`, the run's own "
        "first",
    )
    study: dict[str, Study] = Field({}, description="comparison of strategies by element")
    comparison: dict[str, Comparison] = Field(
        {}, description="what translations are compared with, by target; without, the defaults"
    )
