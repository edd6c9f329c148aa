"""The paper's own frame files and models, beside those of the method, and how each is made."""

from collections.abc import Mapping

from potstill.plan.plan import Implied, Plan
from potstill.settings import Model, Paper
from potstill.settings.names import Template

_FACTORS, _STRATEGY, _SHARE = r"[0-9._]+", "[a-z_]+", "[0-9.]+"

# What the paper's fields may be, as the rules' wildcards.
FIELDS = {
    "grid": "[0-9]+x[0-9]+",
    "strategy": _STRATEGY,
    "percent": _SHARE,
    "replica": "[0-9]+",
    "factors": _FACTORS,
    "share": _SHARE,
    "of": "frames|atoms",
}
GRID = Template("distillation/{element}/grid-{grid}", **FIELDS)
AS_MANY = Template("distillation/{element}/as-many-{strategy}", **FIELDS)
STUDIED = Template("study/{element}/{strategy}/{percent}/{replica}/selection", **FIELDS)
WHOLE = Template("translation/{source}-{target}/whole", **FIELDS)
SCALED = Template("translation/{source}-{target}/scaled-{factors}", **FIELDS)
BAIN = Template("translation/{source}-{target}/bain-{share}", **FIELDS)
NATIVE = Template("translation/{source}-{target}/native-{strategy}-{of}", **FIELDS)

GRID_MODEL = Template("{element}-grid-{grid}", **FIELDS)
RANDOM_MODEL = Template("{element}-random", **FIELDS)
STUDY_MODEL = Template("{element}-study-{strategy}-{percent}-{replica}", **FIELDS)
FEW_MODEL = Template("{element}-few-{count}", count="[0-9]+")
WHOLE_MODEL = Template("{target}-whole", **FIELDS)
SCALED_MODEL = Template("{target}-scaled-{factors}", **FIELDS)
BAIN_MODEL = Template("{target}-bain-{share}", **FIELDS)
NATIVE_MODEL = Template("{target}-native-{strategy}-{of}", **FIELDS)
SEED_MODEL = Template("{model}-seed-{replica}", **FIELDS)


def implied(plan: Plan, paper: Paper) -> dict[Template, Implied]:
    """Return how each of the paper's models is made out of the fields of its name."""
    settings = plan.settings

    def few(fields: Mapping[str, str]) -> Model:
        source = plan.setting("distillation", fields["element"]).source
        return Model(frames=f"sampling/{source}", count=int(fields["count"]))

    def studied(fields: Mapping[str, str]) -> Model:
        study = paper.study.get(fields["element"])
        return Model(
            frames=STUDIED.make(**fields),
            seed=settings.seed + int(fields["replica"]),
            steps=study.steps if study else None,
        )

    def of_translation(template: Template) -> Implied:
        def made(fields: Mapping[str, str]) -> Model:
            source = plan.setting("translation", fields["target"]).source
            return Model(frames=template.make(source=source, **fields))

        return made

    def again(fields: Mapping[str, str]) -> Model:
        seed = {"seed": settings.seed + int(fields["replica"])}
        return plan.model(fields["model"]).model_copy(update=seed)

    return {
        GRID_MODEL: lambda fields: Model(frames=GRID.make(**fields)),
        RANDOM_MODEL: lambda fields: Model(frames=AS_MANY.make(strategy="random", **fields)),
        STUDY_MODEL: studied,
        FEW_MODEL: few,
        WHOLE_MODEL: of_translation(WHOLE),
        SCALED_MODEL: of_translation(SCALED),
        BAIN_MODEL: of_translation(BAIN),
        NATIVE_MODEL: of_translation(NATIVE),
        SEED_MODEL: again,
    }
