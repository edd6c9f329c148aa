"""All sampled sets of a run in one table."""

from pathlib import Path

from potstill.runtime.files import atomic_path, read_json

COLUMNS = (
    "frames",
    "steps",
    "learning_steps",
    "round_trips",
    "order_flatness",
    "temperature_K",
    "kinetic_temperature_K",
    "melting_temperature_K",
    "steps_per_second",
)


def overview(names: list[str], summaries: list[Path], output: Path) -> None:
    """Write a CSV with a row for each set, out of the summaries of `sample.sample`."""
    rows = [",".join(("set", *COLUMNS))]
    for name, summary in zip(names, summaries, strict=True):
        content = read_json(summary)
        content["temperature_K"] = content["settings"]["temperature_K"]
        values = ("" if content[key] is None else content[key] for key in COLUMNS)
        printed = (f"{v:.5g}" if isinstance(v, float) else str(v) for v in values)
        rows.append(",".join((name, *printed)))
    with atomic_path(output) as temporary:
        temporary.write_text("\n".join(rows) + "\n")
