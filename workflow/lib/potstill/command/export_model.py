"""`potstill export`: a model as a file of another program's."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from potstill.command.options import keep_inputs


def export(
    model: Annotated[Path, typer.Argument(help="ensemble, as models/Ni-distilled/ensemble.pt")],
    to: Annotated[
        Literal["torchani", "torchscript"],
        typer.Option(
            help="torchani: for torch.load(..., weights_only=False) in Python with torchani; "
            "torchscript: for torch.jit.load in C++ or Python with torch alone"
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="file to write")],
) -> None:
    """Write a model for other programs, in float64 and Hartree.

    Example: `potstill export ensemble.pt --to torchscript -o ensemble.torchscript`
    """
    keep_inputs(output, model)
    from potstill.models import load_ensemble
    from potstill.models.torchani_model import save_torchani
    from potstill.models.torchscript import save_torchscript

    ensemble = load_ensemble(model)
    (save_torchani if to == "torchani" else save_torchscript)(output, ensemble)
    typer.echo(f"{output}: the {' and '.join(ensemble.elements)} model for {to}")
