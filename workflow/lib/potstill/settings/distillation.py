"""The distillation loop."""

from typing import Literal

from pydantic import Field

from potstill.settings.base import Positive, Section, Share

StrategyName = Literal[
    "atom_sigma",
    "cluster_sigma",
    "d_optimal",
    "direct",
    "farthest_point",
    "force_sigma",
    "frame_sigma",
    "grid",
    "outlying_atom",
    "random",
    "random_then_farthest",
    "set_cover",
]


class Distillation(Section):
    """The active-learning loop of one element."""

    source: str = Field(description="the set to distil, a key of `sampling`")
    test: str | None = Field(
        None,
        description="a larger set of the same element that tests the models as well, a key of "
        "`sampling`; null for none",
    )
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
