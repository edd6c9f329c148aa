"""The version of what a rule's function makes: a hash of the sources that compute it.

Snakemake sees changes of settings, but not of an imported package. So the rules' params name a
function with its version, and restart files hold it as well. The hashes are in `versions.json`, so
that a job only reads them. `python -m potstill.versions` writes the file anew after a change of the
sources, and with `--check` fails where that is due.
"""

import json
import re
import sys
from pathlib import Path

FILE = Path(__file__).with_name("versions.json")
# where rules, and tables that rules look into, name functions of the library
WORKFLOW = Path(__file__).parents[2]


def version_of(module: str) -> str:
    """Return the version of a module of the library, as `sampling.sample`."""
    return _KEPT[module]


def library(function: str) -> str:
    """Return a function of the library with the version of its module, as rules name it."""
    return f"{function} {version_of(function.rpartition('.')[0])}"


def main(arguments: list[str]) -> str | None:
    """Write the file anew, or check it; return what is wrong, in one line."""
    from potstill.module_sources import module_versions  # no job needs it

    found = module_versions(f"potstill.{module}" for module in called())
    now = {name.removeprefix("potstill."): version for name, version in found.items()}
    before = _kept()
    other = ", ".join(sorted({module for module, _ in before.items() ^ now.items()}))
    if other and arguments == ["--check"]:
        return f"{FILE.name} is not of these sources ({other}); run: make versions"
    if other:
        FILE.write_text(json.dumps(now, indent=2) + "\n")
        print(f"{FILE.name}: another version of {other}")
    return None


def called(workflow: Path = WORKFLOW) -> set[str]:
    """Return the modules whose versions rules and restart files hold, as `sampling.sample`."""
    text = "".join(
        file.read_text() for kind in ("smk", "py") for file in sorted(workflow.rglob(f"*.{kind}"))
    )
    functions = re.findall(r'library\("([\w.]+)"\)', text)
    return {
        *(name.rpartition(".")[0] for name in functions),
        *re.findall(r'version_of\("([\w.]+)"\)', text),
    }


def _kept() -> dict[str, str]:
    """Return what the file holds: nothing where it is gone, or halfway through a merge."""
    try:
        return json.loads(FILE.read_text())
    except (OSError, ValueError):
        return {}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

_KEPT: dict[str, str] = json.loads(FILE.read_text())
