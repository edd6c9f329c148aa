"""What a module's results are computed by: a hash of its sources, for `potstill.versions`.

A module's sources are itself and, from there on, every module of the package that one of them
imports, found in the text of the imports and without running any. The hash is of what they compute:
of the parsed program without comments, docstrings and layout.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

PACKAGE = Path(__file__).parent

Modules = Mapping[str, ast.Module]

# The modules of these are found by name when a program runs: who imports the package itself may use
# them all, which no text of an import tells.
BY_NAME = ["potstill.distillation.strategies", "potstill.properties"]

# What says, checks or stores, and cannot change a number: not followed. A job's settings, as they
# were read, are params of its rule.
LEFT_OUT = [
    "potstill.errors",
    "potstill.module_sources",
    "potstill.provenance",
    "potstill.runtime.call",
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
    "potstill.versions",
]

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def module_versions(
    called: Iterable[str],
    package: Path = PACKAGE,
    by_name: Sequence[str] = BY_NAME,
    left_out: Sequence[str] = LEFT_OUT,
) -> dict[str, str]:
    """Return a hash of the sources of each module, twelve hexadecimal digits.

    called: the modules' full names; package: the package's folder; by_name: packages whose modules
    are found by name; left_out: modules and packages that are not followed. ValueError for one that
    does not exist.
    """
    modules = read_modules(package)
    programs = {name: _program(tree) for name, tree in modules.items()}
    versions = {}
    for start in sorted(set(called)):
        names = sorted(sources(modules, start, by_name, left_out))
        text = "\n".join(f"{name} {programs[name]}" for name in names)
        versions[start] = hashlib.sha256(text.encode()).hexdigest()[:12]
    return versions


def read_modules(package: Path) -> dict[str, ast.Module]:
    """Return all modules of a package, parsed, by their full names."""
    modules = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return modules


def sources(
    modules: Modules,
    start: str,
    by_name: Sequence[str] = BY_NAME,
    left_out: Sequence[str] = LEFT_OUT,
) -> set[str]:
    """Return the modules that the results of one depend on, itself with them."""
    silent = {name for entry in left_out for name in _all_of(modules, entry)}
    if start not in modules:
        raise ValueError(f"{start}, which a rule calls, is no module")
    found: set[str] = set()
    ahead = {start}
    while ahead:
        for package in ahead.intersection(by_name):
            ahead = ahead | set(_all_of(modules, package))
        found |= ahead
        imported = {name for module in ahead for name in _imports(modules, module)}
        ahead = imported - found - silent
    return found


def _all_of(modules: Modules, entry: str) -> list[str]:
    """Return the modules of a name: of a package, all that it holds."""
    names = [name for name in modules if name == entry or name.startswith(f"{entry}.")]
    if not names:
        raise ValueError(f"{entry} is no module")
    return names


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
