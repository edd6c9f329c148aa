"""What the command `potstill` runs: its subcommands, and how they end."""

import os
import sys

import typer

from potstill.command.audit_files import audit
from potstill.command.check_structures import check
from potstill.command.choose_frames import select
from potstill.command.evaluate_files import evaluate
from potstill.command.explore_metal import explore
from potstill.command.export_model import export
from potstill.command.label_frames import label
from potstill.command.metal_frames import frames
from potstill.command.relax_structures import relax
from potstill.command.show_provenance import provenance
from potstill.command.train_ensemble import train
from potstill.command.write_example import example
from potstill.errors import PotstillError

app = typer.Typer(
    name="potstill",
    help="Small training sets that are worth more than large ones, and models of them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
SUBCOMMANDS = (
    example,
    frames,
    audit,
    select,
    label,
    train,
    evaluate,
    explore,
    relax,
    check,
    export,
    provenance,
)
for subcommand in SUBCOMMANDS:
    app.command()(subcommand)


def main() -> None:
    """Run the command line. Bad input ends it with one line and status 1; bad usage with 2."""
    # threads that wait for each other do so asleep: awake they take the cores from themselves where
    # another program runs beside, and a training took five times as long
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except PotstillError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
