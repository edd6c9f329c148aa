"""A module's version follows what its sources compute, and nothing else."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from potstill import versions
from potstill.module_sources import PACKAGE, module_versions, read_modules, sources
from potstill.versions import called

ROOT = Path(__file__).parents[1]

TOY = {
    "__init__.py": "",
    "job.py": "from toy.engine import run\nfrom toy.plugins import find\nfrom toy.say import say\n"
    "\n\ndef job():\n"
    "    say(run())\n",
    "engine.py": '"""An engine."""\n\nimport toy.maths.roots\n\nSTEPS = 10\n\n\n'
    'def run():\n    """Return a number."""\n    from toy import table\n\n'
    "    return [toy.maths.roots.root(STEPS), table.ONE]\n",
    "plugins/__init__.py": "def find(name):\n    return name\n",
    "plugins/square.py": "def plug(x):\n    return x**2\n",
    "maths/__init__.py": "def never():\n    return 0\n",
    "maths/roots.py": "def root(x):\n    return x**0.5\n",
    "table.py": "ONE = 1\n",
    "say.py": "from toy.words import WORD\n\n\ndef say(what):\n    print(WORD, what)\n",
    "words.py": "WORD = 'so'\n",
    "alone.py": "class Alone:\n    'A docstring and no more.'\n",
}
CALLED, SILENT, BY_NAME = ["toy.job", "toy.alone"], ["toy.say"], ["toy.plugins"]


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A package that two jobs call: a module with what it imports, and a module alone."""
    for name, text in TOY.items():
        path = tmp_path / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "toy"


def changed(package: Path, file: str, before: str, after: str) -> set[str]:
    """Edit a file; return the called modules that have another version then."""
    versions = module_versions(CALLED, package, BY_NAME, SILENT)
    text = (package / file).read_text()
    assert before in text
    (package / file).write_text(text.replace(before, after))
    now = module_versions(CALLED, package, BY_NAME, SILENT)
    assert all(re.fullmatch("[0-9a-f]{12}", version) for version in now.values())
    return {module for module, version in now.items() if version != versions[module]}


def test_sources_are_what_a_module_imports(toy):
    modules = read_modules(toy)
    plugins = {"toy.plugins", "toy.plugins.square"}
    found = sources(modules, "toy.job", BY_NAME, SILENT)
    assert found == {"toy.job", "toy.engine", "toy.maths.roots", "toy.table"} | plugins
    assert sources(modules, "toy.job", [], SILENT) == found - {"toy.plugins.square"}
    assert sources(modules, "toy.say", BY_NAME, SILENT) == {"toy.say", "toy.words"}


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
        ("plugins/square.py", "x**2", "x * x"),
    ],
)
def test_another_program_is_another_version_of_what_computes_with_it(toy, file, before, after):
    assert changed(toy, file, before, after) == {"toy.job"}


def test_what_cannot_be_followed_is_refused(toy):
    with pytest.raises(ValueError, match=r"toy\.gone, .* no module"):
        module_versions(["toy.gone"], toy, BY_NAME, SILENT)
    (toy / "job.py").write_text("from .engine import run\n")
    with pytest.raises(ValueError, match=r"toy\.job: relative imports"):
        module_versions(CALLED, toy, BY_NAME, SILENT)


def test_the_file_is_what_the_sources_give():
    """If this fails: make versions."""
    command = [sys.executable, "-m", "potstill.versions", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_of_other_sources_is_told_in_one_line_and_written_anew(tmp_path, monkeypatch):
    file = tmp_path / "versions.json"
    monkeypatch.setattr(versions, "FILE", file)
    kept = json.loads((PACKAGE / "versions.json").read_text())
    file.write_text(json.dumps(kept | {"sampling.sample": "0" * 12, "gone": "0" * 12}))
    said = versions.main(["--check"])
    assert said == (
        "versions.json is not of these sources (gone, sampling.sample); run: make versions"
    )
    for broken in ("<<<<<<< HEAD\n{}\n", None):
        file.write_text(broken) if broken else file.unlink()
        assert "run: make versions" in versions.main(["--check"])
        assert versions.main([]) is None
        assert file.read_bytes() == (PACKAGE / "versions.json").read_bytes()
        assert versions.main(["--check"]) is None


def test_an_edit_of_the_library_changes_what_computes_with_it(tmp_path):
    package = shutil.copytree(PACKAGE, tmp_path / "potstill", ignore=lambda *_: ["__pycache__"])
    names = [f"potstill.{module}" for module in called()]
    before = module_versions(names, package)

    def edit(file: str, old: str, new: str) -> set[str]:
        path = package / file
        text = path.read_text()
        path.write_text(text.replace(old, new, 1))
        assert path.read_text() != text
        now = module_versions(names, package)
        path.write_text(text)
        changed = {name for name in names if now[name] != before[name]}
        return {name.removeprefix("potstill.") for name in changed}

    assert edit("sampling/engine.py", '"""', '"""As it was. ') == set()
    assert edit("potentials/eam_kernel.py", "fastmath={", 'fastmath={"reassoc", ') == {
        "sampling.sample", "sampling.validation", "sampling.coexistence", "translation.scaling",
        "relaxation.benchmark", "properties.measure", "properties.properties_table",
    }  # fmt: skip
    assert edit("training/loop.py", "\n\n\n", "\n\nONE = 1\n\n\n") == {"training.train_model"}
    assert edit("potentials/fetch.py", "\n\n\n", "\n\nONE = 1\n\n\n") == {"potentials.fetch"}
    # found by name
    for file, users in (
        ("properties/vacancy.py", {"properties.measure", "properties.properties_table"}),
        ("distillation/strategies/direct.py", {"distillation.select", "paper.as_many",
                                               "paper.study.choose"}),
    ):  # fmt: skip
        assert edit(file, "\n\n\n", "\n\nONE = 1\n\n\n") >= users
