"""Commands that sources run."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from potstill.errors import PotstillError

TIMEOUT_S = 300


def run(command: Sequence[str], folder: Path) -> None:
    """Run a command quietly in `folder`; PotstillError has the last line of its complaint."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        raise PotstillError(f"there is no {command[0]} on this machine") from None
    except subprocess.TimeoutExpired:
        raise PotstillError(f"{command[0]} did not finish within {TIMEOUT_S} s") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise PotstillError(f"{Path(command[0]).name} failed ({lines[-1].strip()})")
