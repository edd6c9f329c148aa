"""The Markdown reference of every setting, `config/README.md`: `python -m potstill.reference`."""

from pydantic import BaseModel

from potstill import sections
from potstill.settings import Settings


def _describe(section: type[BaseModel], prefix: str = "") -> list[str]:
    rows = []
    for name, field in section.model_fields.items():
        default = "required" if field.is_required() else f"`{field.default}`"
        rows.append(f"| `{prefix}{name}` | {field.description or ''} | {default} |")
    return rows


def reference() -> str:
    """Return the Markdown reference of every setting."""
    parts: list[tuple[str, type[BaseModel]]] = [
        ("Top level", Settings),
        ("`potentials.<table>`", sections.Table),
        ("`elements.<symbol>`", sections.Element),
        ("`sampling.<element>/<atoms>/<ensemble>` with `method: momt`", sections.Momt),
        ("`sampling.<element>/<atoms>/<ensemble>` with `method: npt`", sections.Npt),
        ("`training`", sections.Training),
        ("`training.descriptor`", sections.Descriptor),
        ("`models.<name>`", sections.Model),
        ("`distillation.<element>`", sections.Distillation),
        ("`translation.<target>`", sections.Translation),
        ("`study.<element>`", sections.Study),
        ("`reproduction`", sections.Reproduction),
        ("`labels.<element>`", sections.Labels),
        ("`properties.<element>`", sections.Properties),
    ]
    text = [
        "# Settings",
        "",
        "Made by `make config-reference` from `potstill.settings`; do not edit.",
        "Units: eV, A, fs, K, bar unless the name says otherwise.",
    ]
    for title, section in parts:
        text += ["", f"## {title}", "", section.__doc__ or "", ""]
        text += ["| setting | meaning | default |", "| --- | --- | --- |", *_describe(section)]
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    print(reference(), end="")
