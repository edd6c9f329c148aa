"""The version of each stage's results: a hash of the sources that compute them.

A stage's results depend on it through the params of its rules and the restart files of its jobs:
Snakemake sees changes of settings and of scripts, but not of an imported package. The hashes are in
`versions.json`, so that a job only reads them. `python -m potstill.versions` writes the file anew
after a change of the sources, and with `--check` fails where that is due.
"""

import json
import sys
from pathlib import Path

FILE = Path(__file__).with_name("versions.json")


def main(arguments: list[str]) -> str | None:
    """Write the file anew, or check it; return what is wrong, in one line."""
    from potstill.stage_sources import stage_versions  # no job needs it

    before, now = _kept(), stage_versions()
    other = ", ".join(sorted({stage for stage, _ in before.items() ^ now.items()}))
    if other and arguments == ["--check"]:
        return f"{FILE.name} is not of these sources ({other}); run: make versions"
    if other:
        FILE.write_text(json.dumps(now, indent=2) + "\n")
        print(f"{FILE.name}: another version of {other}")
    return None


def _kept() -> dict[str, str]:
    """Return what the file holds: nothing where it is gone, or halfway through a merge."""
    try:
        return json.loads(FILE.read_text())
    except (OSError, ValueError):
        return {}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

VERSION: dict[str, str] = json.loads(FILE.read_text())
