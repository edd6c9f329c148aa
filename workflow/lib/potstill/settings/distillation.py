"""The distillation loop and the study of its strategies."""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from potstill.settings.base import Count, Positive, Section, Share

StrategyName = Literal[
    "atom_sigma",
    "cluster_sigma",
    "d_optimal",
    "direct",
    "farthest_point",
    "frame_sigma",
    "grid",
    "outlying_atom",
    "random",
    "random_then_farthest",
    "set_cover",
]


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


class Distillation(Section):
    """The active-learning loop of one element."""

    source: str = Field(description="the set to distil, a key of `sampling`")
    reference: str = Field(description="the larger set that also tests the models")
    blocks: int = Field(10, ge=2, description="blocks of time-ordered frames, one an iteration")
    strategy: StrategyName = Field(
        "d_optimal",
        description="rule that picks frames of a block. The default lowered the worst errors most "
        "in the study of docs/strategies.md, and asks no model; outlying_atom is the paper's",
    )
    threshold: Positive | None = Field(
        3.5,
        description="outlying_atom: z* above which an atom's uncertainty is outlying; null for the "
        "`share` with the highest",
    )
    sigma_meV: Positive | None = Field(
        None,
        description="atom_sigma: sigma of an atom's energy above which a frame is picked; "
        "frame_sigma: sigma of the frame's energy by sqrt(N); null for the `share` with the "
        "highest",
    )
    radius: Positive | None = Field(
        None,
        description="set_cover: distance within which one atom's surroundings stand for another's "
        "(symmetry functions of deviation 1), until all are covered; null for a `share` of the "
        "block",
    )
    share: Share = Field(
        0.08, description="share of a block that the strategies without a threshold pick"
    )
    converged_share: Share = Field(
        0.0, description="stop when less than this share of a block was picked"
    )
    grids: tuple[tuple[Count, Count], ...] = Field(
        ((8, 8), (16, 16)),
        description="cells along (H, O) of each grid-based distillation of `reference`",
    )


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
