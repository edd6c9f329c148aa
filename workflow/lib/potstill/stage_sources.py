"""What each stage's results are computed by: a hash of its sources, for `potstill.versions`.

A stage's sources are the modules that its jobs call and, from there on, every module of the package
that one of them imports, found in the text of the imports and without running any. The hash is of
what they compute: of the parsed program without comments, docstrings and layout.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

PACKAGE = Path(__file__).parent

Modules = Mapping[str, ast.Module]

# `potstill.properties` finds these by name when it runs, so no text of an import tells of them.
PROPERTIES = [
    "potstill.properties.equation_of_state",
    "potstill.properties.elastic_constants",
    "potstill.properties.stacking_order",
    "potstill.properties.vacancy",
    "potstill.properties.surfaces",
    "potstill.properties.stacking_fault",
    "potstill.properties.phonons",
    "potstill.properties.liquid",
]

# What the jobs of a stage's rules call. A package stands for all its modules.
ENTRIES = {
    "potentials": ["potstill.potentials.fetch"],
    "sampling": [
        "potstill.sampling.sample",
        "potstill.sampling.sets_table",
        "potstill.sampling.validation",
        "potstill.sampling.coexistence",
        "potstill.sampling.melting",
    ],
    "training": ["potstill.training.train_model"],
    "evaluation": ["potstill.descriptors.feature_file", "potstill.models.evaluation"],
    "distillation": [
        "potstill.distillation.score",
        "potstill.distillation.select",
        "potstill.distillation.strategies",  # found by name as well
        "potstill.distillation.distilled",
        "potstill.distillation.curve",
        "potstill.distillation.reduction",
        "potstill.paper.grid_cells",
        "potstill.paper.as_many",
        "potstill.paper.study.choose",
    ],
    "study": ["potstill.paper.study.table"],
    "translation": ["potstill.translation.scaling", "potstill.labels"],
    "relaxation": ["potstill.relaxation"],
    "properties": ["potstill.properties.measure", "potstill.relaxation.calculators", *PROPERTIES],
    "paper": [
        "potstill.paper.comparison",
        "potstill.paper.figures",
        "potstill.paper.reproduction",
        "potstill.paper.seeds",
        "potstill.paper.tables",
        "potstill.properties.table",
        "potstill.report",
        *PROPERTIES,
    ],
}

# What says, checks, lays out or stores, and cannot change a number: no stage's unless its entry,
# and not followed. A job's settings, as they were read, are params of its rule.
LEFT_OUT = [
    "potstill.errors",
    "potstill.provenance",
    "potstill.report",
    "potstill.runtime.compile_cache",
    "potstill.runtime.compile_lock",
    "potstill.runtime.console",
    "potstill.runtime.files",
    "potstill.runtime.job",
    "potstill.runtime.progress",
    "potstill.runtime.records",
    "potstill.runtime.restart",
    "potstill.runtime.time_left",
    "potstill.runtime.unreadable",
    "potstill.settings",
    "potstill.stage_sources",
    "potstill.versions",
]

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def stage_versions(
    package: Path = PACKAGE,
    entries: Mapping[str, Sequence[str]] = ENTRIES,
    left_out: Sequence[str] = LEFT_OUT,
) -> dict[str, str]:
    """Return a hash of each stage's sources, twelve hexadecimal digits.

    package: the package's folder; entries: the modules and packages that each stage starts from;
    left_out: those that are no stage's. ValueError for one that does not exist.
    """
    modules = read_modules(package)
    programs = {name: _program(tree) for name, tree in modules.items()}
    versions = {}
    for stage, start in entries.items():
        names = sorted(stage_modules(modules, start, left_out))
        text = "\n".join(f"{name} {programs[name]}" for name in names)
        versions[stage] = hashlib.sha256(text.encode()).hexdigest()[:12]
    return versions


def read_modules(package: Path) -> dict[str, ast.Module]:
    """Return all modules of a package, parsed, by their full names."""
    modules = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return modules


def stage_modules(modules: Modules, entries: Sequence[str], left_out: Sequence[str]) -> set[str]:
    """Return the modules that the results of a stage depend on, the entries with them."""
    start = _named(modules, entries)
    silent = _named(modules, left_out) - start
    found: set[str] = set()
    ahead = start
    while ahead:
        found |= ahead
        imported = {name for module in ahead for name in _imports(modules, module)}
        ahead = imported - found - silent
    return found


def _named(modules: Modules, entries: Iterable[str]) -> set[str]:
    """Return the modules of these names, and for a package all that it holds."""
    found = set()
    for entry in entries:
        names = {name for name in modules if name == entry or name.startswith(f"{entry}.")}
        if not names:
            raise ValueError(f"{entry}, which the stages' sources name, is no module")
        found |= names
    return found


def _imports(modules: Modules, module: str) -> Iterator[str]:
    """Yield the modules of the package that one imports, anywhere in its text.

    `from a.b import c` is of the module a.b.c where there is one, and of a.b where there is not:
    a package counts where a name of its own is imported, and not for every module in it.
    """
    for node in ast.walk(modules[module]):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{module}: relative imports are not followed, give the full name")
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            of = name if name in modules else name.rpartition(".")[0]
            if of in modules:
                yield of


def _program(node: object) -> str:
    """Return a parsed program as text: what it computes, whichever Python parsed it.

    `ast.dump` of one version of Python tells of empty fields that another does not have.
    """
    if isinstance(node, list):
        return f"[{','.join(map(_program, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: value for name, value in ast.iter_fields(node) if value not in (None, [])}
    fields.pop("kind", None)  # of a string: whether it is written with a u
    if isinstance(node, _Documented) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = node.body[1:]
    told = (f"{name}={_program(value)}" for name, value in fields.items())
    return f"{type(node).__name__}({','.join(told)})"
