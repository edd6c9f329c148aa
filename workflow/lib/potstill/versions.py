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

VERSION: dict[str, str] = json.loads(FILE.read_text())


def main(arguments: list[str]) -> str | None:
    """Write the file anew or check it; return what is wrong, in one line."""
    from potstill.stage_sources import stage_versions  # no job needs it

    now = stage_versions()
    if arguments != ["--check"]:
        FILE.write_text(json.dumps(now, indent=2) + "\n")
        return None
    other = sorted(stage for stage, _ in now.items() ^ VERSION.items())
    if not other:
        return None
    stages = ", ".join(dict.fromkeys(other))
    return f"{FILE.name} is not of these sources ({stages}); run: make versions"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
