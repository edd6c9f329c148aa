"""The Markdown reference of every setting: `python -m potstill.settings.reference`."""

from pydantic import BaseModel

from potstill import settings


def _describe(section: type[BaseModel], prefix: str = "") -> list[str]:
    rows = []
    for name, field in section.model_fields.items():
        default = "required" if field.is_required() else f"`{field.default}`"
        rows.append(f"| `{prefix}{name}` | {field.description or ''} | {default} |")
    return rows


def reference() -> str:
    """Return the Markdown reference of every setting."""
    parts: list[tuple[str, type[BaseModel]]] = [
        ("Top level", settings.Settings),
        ("`potentials.<table>`", settings.Table),
        ("`elements.<symbol>`", settings.ElementGiven),
        ("`sampling.<element>/<atoms>/<ensemble>` with `method: momt`", settings.Momt),
        ("`sampling.<element>/<atoms>/<ensemble>` with `method: npt`", settings.Npt),
        ("`sampling.<element>/<atoms>/<name>` with `method: file`", settings.FileSet),
        ("`sampling.<element>/32/<name>` with `method: foundational`", settings.Foundational),
        ("`sampling.<element>/32/<name>` with `method: dynamics`", settings.ModelDynamics),
        ("`sampling.<element>/32/<name>.runs`", settings.ModelRun),
        ("`training`", settings.Training),
        ("`training.descriptor`", settings.Descriptor),
        ("`models.<name>`", settings.Model),
        ("`distillation.<element>`", settings.Distillation),
        ("`translation.<target>`", settings.Translation),
        ("`labels.<element>`", settings.Labels),
        ("`exploration.<element>`", settings.Exploration),
        ("`exploration.<element>.runs`", settings.ModelRun),
        ("`properties.<element>`", settings.Properties),
        ("`paper`", settings.Paper),
        ("`paper.study.<element>`", settings.Study),
        ("`paper.comparison.<target>`", settings.Comparison),
    ]
    text = [
        "# Settings",
        "",
        "Made by `make config-reference` from `potstill.settings.configuration`; do not edit.",
        "Units: eV, A, fs, K, bar unless the name says otherwise.",
    ]
    for title, section in parts:
        text += ["", f"## {title}", "", section.__doc__ or "", ""]
        text += ["| setting | meaning | default |", "| --- | --- | --- |", *_describe(section)]
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    print(reference(), end="")
