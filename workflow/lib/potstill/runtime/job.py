"""Every script runs inside `job`: output goes to the rule's log, errors become one line."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from potstill.errors import PotstillError


class _Tee:
    """A text stream that writes to several others."""

    def __init__(self, *streams: TextIO) -> None:
        self.streams = streams

    def write(self, text: str) -> int:
        for stream in self.streams:
            stream.write(text)
            stream.flush()
        return len(text)

    def flush(self) -> None:
        for stream in self.streams:
            stream.flush()


@contextmanager
def job(snakemake: Any) -> Iterator[Any]:
    """Yield `snakemake` with standard output and error copied to the rule's log file.

    A PotstillError ends the script with its one line and exit status 1; any other error keeps its
    traceback, in the log as well.
    """
    kept = sys.stdout, sys.stderr
    with open(snakemake.log[0], "w") as log:
        sys.stdout = _Tee(kept[0], log)
        sys.stderr = _Tee(kept[1], log)
        try:
            yield snakemake
        except PotstillError as error:
            print(f"error in rule {snakemake.rule}: {error}", file=sys.stderr)
            sys.exit(1)
        except Exception:
            traceback.print_exc()
            sys.exit(1)
        finally:
            sys.stdout, sys.stderr = kept
