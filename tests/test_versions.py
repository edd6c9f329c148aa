"""A stage's version follows what its sources compute, and nothing else."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from potstill import versions
from potstill.properties import NAMES
from potstill.stage_sources import (
    ENTRIES,
    LEFT_OUT,
    PACKAGE,
    PROPERTIES,
    read_modules,
    stage_modules,
    stage_versions,
)
from potstill.versions import VERSION

ROOT = Path(__file__).parents[1]

TOY = {
    "__init__.py": "",
    "job.py": "from toy.engine import run\nfrom toy.say import say\n\n\ndef job():\n"
    "    say(run())\n",
    "engine.py": '"""An engine."""\n\nimport toy.maths.roots\n\nSTEPS = 10\n\n\n'
    'def run():\n    """Return a number."""\n    from toy import table\n\n'
    "    return [toy.maths.roots.root(STEPS), table.ONE]\n",
    "maths/__init__.py": "def never():\n    return 0\n",
    "maths/roots.py": "def root(x):\n    return x**0.5\n",
    "table.py": "ONE = 1\n",
    "say.py": "from toy.words import WORD\n\n\ndef say(what):\n    print(WORD, what)\n",
    "words.py": "WORD = 'so'\n",
    "alone.py": "class Alone:\n    'A docstring and no more.'\n",
}
STAGES = {"runs": ["toy.job"], "alone": ["toy.alone"]}
SILENT = ["toy.say"]


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A package of two stages: one job with what it imports, and a module alone."""
    for name, text in TOY.items():
        path = tmp_path / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "toy"


def changed(package: Path, file: str, before: str, after: str) -> set[str]:
    """Edit a file; return the stages that have another version then."""
    versions = stage_versions(package, STAGES, SILENT)
    text = (package / file).read_text()
    assert before in text
    (package / file).write_text(text.replace(before, after))
    now = stage_versions(package, STAGES, SILENT)
    assert all(re.fullmatch("[0-9a-f]{12}", version) for version in now.values())
    return {stage for stage, version in now.items() if version != versions[stage]}


def test_a_stages_sources_are_what_its_jobs_import(toy):
    modules = read_modules(toy)
    found = stage_modules(modules, STAGES["runs"], SILENT)
    assert found == {"toy.job", "toy.engine", "toy.maths.roots", "toy.table"}
    assert stage_modules(modules, ["toy.maths"], SILENT) == {"toy.maths", "toy.maths.roots"}
    assert stage_modules(modules, ["toy.say"], SILENT) == {"toy.say", "toy.words"}


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("engine.py", "An engine.", "Another text."),
        ("engine.py", '"""An engine."""\n', ""),
        ("engine.py", "Return a number.", "Return two."),
        ("engine.py", "STEPS = 10", "# ten\nSTEPS = (\n    10\n)  # steps"),
        ("engine.py", "[toy", "[  # two\n toy"),
        ("table.py", "ONE = 1\n", '"""Numbers."""\n\n\nONE = 1\n'),
        ("alone.py", "A docstring and no more", "One"),
        ("say.py", "print(WORD, what)", "print(what)"),
        ("words.py", "so", "thus"),
        ("maths/__init__.py", "return 0", "return 1"),
    ],
)
def test_text_and_what_computes_nothing_change_no_version(toy, file, before, after):
    assert changed(toy, file, before, after) == set()


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("job.py", "run()", "run"),
        ("engine.py", "STEPS = 10", "STEPS = 11"),
        ("engine.py", "STEPS = 10", "STEPS = 10.0"),
        ("engine.py", "from toy import table", "from toy import words as table"),
        ("maths/roots.py", "x**0.5", "x**0.25"),
        ("table.py", "ONE = 1", "ONE = True"),
        ("table.py", "ONE = 1", "ONE = -1"),
        ("table.py", "ONE = 1", "ONE = None"),
    ],
)
def test_another_program_is_another_version_of_its_stage_alone(toy, file, before, after):
    assert changed(toy, file, before, after) == {"runs"}


def test_what_cannot_be_followed_is_refused(toy):
    with pytest.raises(ValueError, match=r"toy\.gone, .* no module"):
        stage_versions(toy, {"runs": ["toy.gone"]}, SILENT)
    (toy / "job.py").write_text("from .engine import run\n")
    with pytest.raises(ValueError, match=r"toy\.job: relative imports"):
        stage_versions(toy, STAGES, SILENT)


def test_the_file_is_what_the_sources_give():
    """If this fails: make versions."""
    command = [sys.executable, "-m", "potstill.versions", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_of_other_sources_is_told_in_one_line_and_written_anew(tmp_path, monkeypatch):
    file = tmp_path / "versions.json"
    monkeypatch.setattr(versions, "FILE", file)
    file.write_text(json.dumps(VERSION | {"sampling": "0" * 12, "gone": "0" * 12}))
    said = versions.main(["--check"])
    assert said == "versions.json is not of these sources (gone, sampling); run: make versions"
    for broken in ("<<<<<<< HEAD\n{}\n", None):
        file.write_text(broken) if broken else file.unlink()
        assert "run: make versions" in versions.main(["--check"])
        assert versions.main([]) is None
        assert file.read_bytes() == (PACKAGE / "versions.json").read_bytes()
        assert versions.main(["--check"]) is None


def test_an_edit_of_the_library_changes_the_stages_that_compute_with_it(tmp_path):
    package = shutil.copytree(PACKAGE, tmp_path / "potstill", ignore=lambda *_: ["__pycache__"])

    def edit(file: str, before: str, after: str) -> set[str]:
        path = package / file
        text = path.read_text()
        path.write_text(text.replace(before, after, 1))
        assert path.read_text() != text
        now = stage_versions(package)
        path.write_text(text)
        return {stage for stage in VERSION if now[stage] != VERSION[stage]}

    assert edit("sampling/engine.py", '"""', '"""As it was. ') == set()
    kernel = edit("potentials/eam_kernel.py", "fastmath={", 'fastmath={"reassoc", ')
    assert kernel == {"sampling", "translation", "relaxation", "properties"}
    assert edit("training/loop.py", "\n\n\n", "\n\nONE = 1\n\n\n") == {"training"}
    assert edit("potentials/fetch.py", "\n\n\n", "\n\nONE = 1\n\n\n") == {"potentials"}


def test_properties_are_those_that_are_found_by_name():
    assert {f"potstill.properties.{name}" for name in NAMES} == set(PROPERTIES)


def imported(modules, tree):
    """Yield the module and the name of what a program imports from the package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in modules:
            for alias in node.names:
                yield node.module, alias.name


def origin(modules, module, name):
    """Return the module that a name is of, where `module` only passes it on."""
    return {n: m for m, n in imported(modules, modules[module])}.get(name, module)


def test_every_rule_has_the_version_of_the_stage_that_its_script_calls():
    """What a rule's script imports is among the sources of the stage whose version it has."""
    modules = read_modules(PACKAGE)
    silent = stage_modules(modules, LEFT_OUT, [])
    sources = {stage: stage_modules(modules, start, LEFT_OUT) for stage, start in ENTRIES.items()}
    seen = set()
    for file in (ROOT / "workflow").rglob("*.smk"):
        for rule in re.split(r"^(?=\s*rule \w+:)", file.read_text(), flags=re.MULTILINE):
            stages = set(re.findall(r'VERSION\["(\w+)"\]', rule))
            script = re.search(r'script:\s*"([^"]+)"', rule)
            if not stages or not script:
                continue
            tree = ast.parse((file.parent / script[1]).read_text())
            called = {origin(modules, module, name) for module, name in imported(modules, tree)}
            for stage in stages:
                assert called - silent <= sources[stage], (file.name, script[1])
            seen |= stages
    assert seen == set(VERSION)
