"""Where results come from: each job's record beside its log, and one file for the whole run.

Times and machine stand in the run's file alone, so that records, as data, repeat byte for byte.
`potstill.provenance` reads the records.
"""

import hashlib
import os
import platform
import re
import socket
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from potstill.errors import WriteError
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.settings import Settings


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes as hexadecimal digits."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def package_versions() -> dict[str, str]:
    """Return the versions of potstill and of what it requires, as installed."""
    names = ["potstill"]
    for requirement in requires("potstill") or []:
        if "extra ==" not in requirement:
            names.append(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])
    found = {}
    for name in sorted(names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # a requirement for other platforms
    return found


def git_state(directory: str | Path) -> dict[str, str | bool] | None:
    """Return the commit checked out in a directory and whether files differ from it.

    None where there is no git, no repository or no commit yet. Nothing is written into the
    repository: jobs that end together, and a user's own git, would meet each other's locks.
    """
    try:
        revision, changes = (
            subprocess.run(
                ["git", "--no-optional-locks", "-C", str(directory), *arguments],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return {"revision": revision.strip(), "modified": bool(changes.strip())}


def machine() -> dict[str, str | int | float]:
    """Return this machine's processor, the cores that this process may use, and memory in GiB."""
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": found[1] if found else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_GiB": round(pages / 2**30, 1),
    }


def record_job(snakemake: Any) -> None:
    """Write what a finished job made and of what, beside its log with the ending `.json`.

    `snakemake` is the object of that name in a script. The record holds the rule, its params
    (settings, seed, version), SHA-256 of inputs and outputs by path, the packages' versions
    and the code revision. Where it cannot be made a line says so, and the job's work stands.
    """
    try:
        record = {
            "rule": snakemake.rule,
            "params": dict(snakemake.params.items()),
            "inputs": {str(path): file_sha256(path) for path in snakemake.input},
            "outputs": {str(path): file_sha256(path) for path in snakemake.output},
            "python": platform.python_version(),
            "packages": package_versions(),
            "git": git_state(snakemake.scriptdir),
        }
        write_json(Path(snakemake.log[0]).with_suffix(".json"), record)
    except (WriteError, OSError) as error:  # an input may be gone, the disk be full
        say(f"no record of what was made of what: {error}")


def write_provenance(
    files: Sequence[str | Path],
    *,
    settings: Settings,
    potentials: Mapping[str, str],
    output: Path,
) -> None:
    """Write what made a run: machine, versions, code, settings with the seed, SHA-256 of files.

    files: the results to vouch for, and the data behind them. potentials: SHA-256 of each table's
    numbers by its name.
    """
    write_json(
        output,
        {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "host": socket.gethostname(),
            "platform": platform.platform(),
            "machine": machine(),
            "python": platform.python_version(),
            "packages": package_versions(),
            "git": git_state(Path(__file__).parent),
            "seed": settings.seed,
            "settings": settings.model_dump(mode="json"),
            "potentials": dict(sorted(potentials.items())),
            "files": {str(path): file_sha256(path) for path in sorted(map(str, files))},
        },
    )
