"""The rooms of the library: data flows one way, the paper stays in its room, names mislead nobody.

Everything is read from the text of the modules, so that imports inside functions count as well.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1] / "workflow/lib/potstill"

# Each room imports only from itself and from rooms before it. A room is a package, or one module.
ORDER = (
    "errors",
    "module_sources",
    "versions",
    "settings",
    "runtime",
    "potstill",  # the package itself, which everybody imports
    "report",
    "data",
    "potentials",
    "descriptors",
    "audit",
    "sampling",
    "trust",
    "models",
    "training",
    "labels",
    "distillation",
    "translation",
    "foundation",
    "exploration",
    "relaxation",
    "properties",
    "provenance",
    "plots",
    "plan",
    "paper",
    "command",
)
# The paper's own modules; its words are theirs alone.
PAPER = ("paper", "settings.paper")
WORDS = re.compile(r"nickel|table 1\b|figure [0-9S]", re.IGNORECASE)
# Names that two modules have all the same; sections of the settings are named as their stages.
TWICE = {"__init__"}
LINES, LONGER = 300, set()


def name_of(path: Path) -> str:
    """Return a module's name inside the library, `potstill` for the package itself."""
    parts = path.relative_to(LIBRARY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "potstill"


MODULES = {name_of(path): path for path in sorted(LIBRARY.rglob("*.py"))}


def room_of(module: str) -> str:
    """Return the room of a module: the longest name in the order that it starts with."""
    parts = module.split(".")
    rooms = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    known = next((room for room in rooms if room in ORDER), None)
    assert known, f"{module} is in no room: give {parts[0]} its place in ORDER"
    return known


def is_of_paper(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in PAPER)


def imports(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the module of each import of the library in a module's text."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "potstill":
                    yield node.lineno, alias.name.removeprefix("potstill.")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import; name the module"
            package, _, module = (node.module or "").partition(".")
            if package == "potstill":
                for alias in node.names:
                    inner = f"{module}.{alias.name}" if module else alias.name
                    # a name that is no module is something of the module before it
                    yield node.lineno, inner if inner in MODULES else module or "potstill"


def wrong_way(module: str, text: str) -> list[str]:
    """Return what a module imports from rooms that come after its own."""
    own = ORDER.index(room_of(module))
    return [
        f"{module}, line {line}: imports {other}, and {room_of(other)} comes after {ORDER[own]}"
        for line, other in imports(text)
        if ORDER.index(room_of(other)) > own
    ]


@pytest.mark.parametrize(
    "module, text, found",
    [
        ("data.frames", "from potstill.paper.numbers import Number", ["paper.numbers"]),
        ("data.frames", "import potstill.training.loss", ["training.loss"]),
        ("data.frames", "def f():\n    from potstill import audit", ["audit"]),
        ("audit.data_check", "from potstill.descriptors.pairs import half_pairs", []),
        ("trust.assessment", "from potstill import models", ["models"]),
        ("paper.tables", "from potstill.report.page import write_page\nimport numpy", []),
        ("errors", "from potstill import __version__", ["potstill"]),
    ],
)
def test_what_counts_as_the_wrong_way(module, text, found):
    assert [re.search("imports (.+?),", line)[1] for line in wrong_way(module, text)] == found


def test_data_flow_one_way():
    found = [wrong_way(module, path.read_text()) for module, path in MODULES.items()]
    assert list(chain(*found)) == []
    # the order names what there is, so that no line of it is a leftover
    assert {room_of(module) for module in MODULES} == set(ORDER)


def test_nobody_but_the_paper_imports_the_paper():
    # so the order has the library; of its settings, only settings do
    assert ORDER[-2:] == ("paper", "command")
    found = [
        f"{module}, line {line}"
        for module, path in MODULES.items()
        for line, other in imports(path.read_text())
        if is_of_paper(other) and not is_of_paper(module) and room_of(module) != "settings"
    ]
    assert found == []


def test_only_the_paper_speaks_of_the_paper():
    assert [WORDS.search(text) is not None for text in ("Nickel", "Figure S1", "Table 12")] == [
        True,
        True,
        False,
    ]
    found = [
        f"{module}, line {number}: {line.strip()}"
        for module, path in MODULES.items()
        if not is_of_paper(module)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if WORDS.search(line)
    ]
    assert found == []


def test_no_name_is_borrowed():
    by_name = defaultdict(list)
    for module, path in MODULES.items():
        if room_of(module) != "settings":
            by_name[path.stem].append(module)
    twice = {name: modules for name, modules in by_name.items() if len(modules) > 1}
    assert set(twice) == TWICE, twice


def test_no_module_is_long():
    lines = {module: len(path.read_text().splitlines()) for module, path in MODULES.items()}
    assert {module for module, count in lines.items() if count > LINES} == LONGER
