"""What every job runs inside: output goes to the rule's log, errors become one line."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import Any, TextIO

from potstill.errors import PotstillError
from potstill.runtime.files import writing
from potstill.runtime.records import record_job


class _Tee:
    """A text stream that writes to several others."""

    def __init__(self, *streams: TextIO) -> None:
        self.streams = streams

    def write(self, text: str) -> int:
        for stream in self.streams:
            # a full disk or a reader that is gone must not end the job whose lines these are
            with suppress(OSError):
                stream.write(text)
                stream.flush()
        return len(text)

    def flush(self) -> None:
        """Do nothing: every write is flushed."""


@contextmanager
def job(snakemake: Any) -> Iterator[Any]:
    """Yield `snakemake` with standard output and error copied to the rule's log file.

    Beside the log the job leaves the record of what it made and of what (`record_job`). A
    PotstillError ends the job with its one line and exit status 1; any other error keeps its
    traceback, in the log as well.
    """
    kept = sys.stdout, sys.stderr
    try:
        with writing(snakemake.log[0]):
            raw = open(snakemake.log[0], "wb", buffering=0)  # noqa: SIM115
    except PotstillError as error:
        sys.exit(f"error in rule {snakemake.rule}: {error}")
    with raw:
        log = TextIOWrapper(raw, write_through=True)  # holds nothing back to fail on when closed
        sys.stdout = _Tee(kept[0], log)
        sys.stderr = _Tee(kept[1], log)
        try:
            yield snakemake
            record_job(snakemake)
        except PotstillError as error:
            print(f"error in rule {snakemake.rule}: {error}", file=sys.stderr)
            sys.exit(1)
        except Exception:
            traceback.print_exc()
            sys.exit(1)
        finally:
            sys.stdout, sys.stderr = kept
