"""The JSON schemas take the shipped configurations and refuse what a file alone gives away."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from test_settings import BAD, CONFIG, ROOT, merged

from potstill.settings.schema import schema, text

WHOLE = Draft202012Validator(schema())
CHANGE = Draft202012Validator(schema(change=True))
COPPER = yaml.safe_load((ROOT / "config/copper.yaml").read_text())
FULL = yaml.safe_load((ROOT / "config/paper/full.yaml").read_text())
# Mistakes that show only between two settings: of limits, of names that no section has, of labels.
BETWEEN = {
    "a sampled hcp metal",
    "c/a of a cubic metal",
    "model of nothing",
    "model of a loop that is not there",
    "model of a translation that is not there",
    "more frames than there are",
    "model called EAM",
    "distilling another element",
    "testing on another element",
    "misspelt name of a set",
    "misspelt name of a table",
    "misspelt frames",
    "an unrelated argument that is none",
    "no such table",
    "no element",
    "frames above the results",
    "atoms that fill no cube",
    "frames and walkers",
    "steps between frames",
    "mesh upside down",
    "temperature outside",
    "too coarse a mesh",
    "cut-offs",
    "no source",
    "many blocks",
    "no test set",
    "stretching what is no FCC crystal",
    "both ways",
    "by rule between given temperatures",
    "learning steps without an interval",
    "relabelled frames without labels",
    "relabelled frames under a name that is compared with the EAM",
    "a model called like its calculator",
    "two references",
    "labels of an unknown element",
    "properties of another element's model",
    "properties of no model",
    "undistilled source",
    "a set from a file of no element",
    "too many blocks for a file",
    "sampling without a potential",
    "sampling without a crystal",
    "translation onto an element without a potential",
    "translation from an element without a crystal",
    "properties of an element without a crystal",
    "an element twice",
    "sampling of an alloy",
    "sampling of several sizes",
    "an alloy of which an element is missing",
    "distilling an alloy from one of its elements",
    "distilling an element from an alloy",
    "testing an alloy on another element",
    "translation of an alloy",
    # what YAML and Python have and JSON has not, infinity and a `$` before the last line's end
    "set of two lines",
    "endless mesh",
    "endless decay",
    "infinite pressure",
}


@pytest.mark.parametrize("change", [False, True])
def test_the_files_are_of_these_settings(change):
    name = "change" if change else "config"
    assert (ROOT / f"workflow/schemas/{name}.schema.yaml").read_text() == text(change=change)
    Draft202012Validator.check_schema(yaml.safe_load(text(change=change)))


def test_shipped_configurations():
    for config in (CONFIG, COPPER, merged(CONFIG, FULL)):
        WHOLE.validate(config)
    # a file that goes on top of another is none by itself
    tiny = yaml.safe_load((ROOT / "tests/workflow/tiny.yaml").read_text())
    for config in (FULL, tiny):
        CHANGE.validate(config)
        assert not WHOLE.is_valid(config)


def test_each_shipped_file_names_the_schema_that_takes_it():
    for name, config in [("config", CONFIG), ("copper", COPPER), ("paper/full", FULL)]:
        file = ROOT / f"config/{name}.yaml"
        (line,) = [x for x in file.read_text().splitlines() if "yaml-language-server" in x]
        named = (file.parent / line.partition("$schema=")[2]).resolve()
        Draft202012Validator(yaml.safe_load(Path(named).read_text())).validate(config)


@pytest.mark.parametrize("case", BAD)
def test_bad_configuration(case):
    assert WHOLE.is_valid(merged(CONFIG, BAD[case][0])) == (case in BETWEEN)


@pytest.mark.parametrize(
    "case",
    [
        "misspelt nested",
        "misspelt method",
        "negative seed",
        "set without a place",
        "long time step",
    ],
)
def test_bad_change(case):
    assert not CHANGE.is_valid(BAD[case][0])


def test_every_setting_is_told():
    """In both schemas alike, with what it means."""

    def settings(of, place=""):
        for name, field in of.get("properties", {}).items():
            assert field.get("description"), f"{place}{name}"
            yield place + name
        for name, section in of.get("$defs", {}).items():
            yield from settings(section, f"{name}.")

    told = list(settings(schema()))
    assert {"run", "Momt.timestep_fs", "Descriptor.radial_cutoff_A", "Comparison.native"} < {*told}
    assert told == list(settings(schema(change=True)))
