"""The configuration: the shipped ones are good, and each bad one gives one line with the cure."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from potstill.errors import PotstillError
from potstill.settings import Descriptor, FileSet, Momt, Npt, load_settings
from potstill.settings.reference import reference

ROOT = Path(__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "config/config.yaml").read_text())


def merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return `base` changed as Snakemake changes it by a second configuration file."""
    result = copy.deepcopy(base)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def momt(**change: Any) -> dict[str, Any]:
    return {"sampling": {"Ni/32/momt": change}}


def loop(**change: Any) -> dict[str, Any]:
    return {"distillation": {"Ni": change}}


def model(**change: Any) -> dict[str, Any]:
    return {"models": {"Ni-fcc": change}}


EMT = {"labels": {"Al": {"calculator": "ase.calculators.emt.EMT"}}}
FILE = {"method": "file", "file": "frames.xyz", "frames": 100}


def with_file(**change: Any) -> dict[str, Any]:
    """A set from a file of an element of which nothing is known."""
    return {"elements": {"Cu": {}}, "sampling": {"Cu/7/dft": FILE | change}}


ALLOY_LOOP = {"NiAl": {"source": "AlNi/mixed/dft"}}


def alloy(**change: Any) -> dict[str, Any]:
    """A set from a file of two elements and several sizes."""
    return {"sampling": {"AlNi/mixed/dft": dict(FILE)}} | change


def set_without(name: str) -> dict[str, Any]:
    """A sampled set of an element that lacks a setting."""
    copper = {"table": "Al", "structure": "fcc", "lattice_constant_A": 3.6}
    del copper[name]
    sampled = {"method": "momt", "melting_temperature_K": 1358, "production_steps": 8000}
    sampled |= {"learning_steps": 8000, "frames": 8}
    return {"elements": {"Cu": copper}, "sampling": {"Cu/32/momt": sampled}}


BAD = {
    "a sampled hcp metal": (
        {"elements": {"Ni": {"structure": "hcp"}}},
        "sampling.Ni/32/momt: ",
        "elements.Ni.structure is hcp; take a set of method foundational or file",
    ),
    "c/a of a cubic metal": (
        {"elements": {"Ni": {"c_over_a": 1.6}}},
        "elements.Ni: ",
        "leave it out, or set structure to hcp",
    ),
    "a set without its file": (
        {"elements": {"Cu": {}}, "sampling": {"Cu/32/dft": {"method": "file", "frames": 9}}},
        "sampling.Cu/32/dft.file: ",
        "required",
    ),
    "a setting of the file that is no such": (
        with_file(energy_keys="e"),
        "sampling.Cu/7/dft.energy_keys: no such setting",
        "did you mean 'energy_key'?",
    ),
    "a unit that is not known": (
        with_file(stress_unit="kb"),
        "sampling.Cu/7/dft.stress_unit: ",
        "did you mean 'kB'?",
    ),
    "a method that is not known": (
        with_file(method="files"),
        "sampling.Cu/7/dft: ",
        "did you mean 'file'?",
    ),
    "a set from a file of no element": (
        {"sampling": {"Cu/7/dft": FILE}},
        "sampling.Cu/7/dft: 'Cu' is not a key of `elements`",
        "Ni, Al, Nb",
    ),
    "too many blocks for a file": (
        with_file() | {"distillation": {"Cu": {"source": "Cu/7/dft", "blocks": 11}}},
        "distillation.Cu.blocks: 11 blocks need",
        "at least 110 frames in sampling.Cu/7/dft.frames",
    ),
    "sampling without a potential": (
        set_without("table"),
        "sampling.Cu/32/momt needs elements.Cu.table; ",
        "give what is missing",
    ),
    "sampling without a crystal": (
        set_without("structure"),
        "sampling.Cu/32/momt needs elements.Cu.structure; ",
        "give what is missing",
    ),
    "translation onto an element without a potential": (
        with_file() | {"translation": {"Cu": {"source": "Ni", "scale": 1.02}}},
        "translation.Cu needs elements.Cu.table; ",
        "name it",
    ),
    "translation from an element without a crystal": (
        with_file()
        | {"distillation": {"Cu": {"source": "Cu/7/dft"}}, "translation": {"Al": {"source": "Cu"}}},
        "translation.Al without a `scale` needs elements.Cu.structure and elements.Cu.lattice_",
        "give what is missing",
    ),
    "properties of an element without a crystal": (
        with_file()
        | {
            "models": {"Cu-x": {"frames": "sampling/Cu/7/dft"}},
            "properties": {"Cu": {"models": ["Cu-x"], "liquid_temperature_K": 2000}},
        },
        "properties.Cu needs elements.Cu.table and elements.Cu.structure and ",
        "give what is missing",
    ),
    "model of nothing": (
        model(frames="sampling/Ni/108/hcp"),
        "models.Ni-fcc.frames: 'sampling/Ni/108/hcp'",
        "use sampling/<key of `sampling`>",
    ),
    "model of a loop that is not there": (
        model(frames="distillation/Al/distilled"),
        "models.Ni-fcc.frames: ",
        "add distillation.Al",
    ),
    "model of a translation that is not there": (
        model(frames="translation/Al-Nb/frames"),
        "models.Ni-fcc.frames: ",
        "add translation.Nb with source Al",
    ),
    "more frames than there are": (
        model(count=10**6),
        "models.Ni-fcc.count: 1000000 frames",
        "raise sampling.Ni/108/fcc.frames",
    ),
    "model called EAM": (
        {"models": {"EAM": {"frames": "sampling/Ni/108/fcc"}}},
        "models.EAM: ",
        "reference potential",
    ),
    "distilling another element": (
        loop(source="Al/108/momt"),
        "distillation.Ni.source: 'Al/108/momt' is not a set of Ni",
        "name one that is",
    ),
    "testing on another element": (
        {"translation": {"Al": {"test": "Nb/54/momt"}}},
        "translation.Al.test: 'Nb/54/momt' is not a set of Al",
        "name one that is",
    ),
    "negative seed": ({"seed": -1}, "seed: ", "greater than or equal to 0"),
    "run with a slash": ({"run": "a/b"}, "run: ", "match pattern"),
    "unknown setting": (
        {"colour": 1},
        "colour: ",
        "no such setting (given: 1); see config/README.md for the names",
    ),
    "misspelt setting": ({"sead": 1}, "sead: ", "no such setting (given: 1); did you mean 'seed'?"),
    "misspelt section": ({"modles": {}}, "modles: ", "did you mean 'models'?"),
    "misspelt nested": (
        momt(walker=2),
        "sampling.Ni/32/momt.walker: ",
        "did you mean 'walkers'?",
    ),
    "misspelt in a plain run": (
        {"sampling": {"Ni/108/fcc": {"strat": "crystal"}}},
        "sampling.Ni/108/fcc.strat: ",
        "did you mean 'start'?",
    ),
    "misspelt twice nested": (
        {"training": {"descriptor": {"radial_cutof_A": 5}}},
        "training.descriptor.radial_cutof_A: ",
        "did you mean 'radial_cutoff_A'?",
    ),
    "misspelt in a loop": (loop(treshold=3), "distillation.Ni.treshold: ", "mean 'threshold'?"),
    "misspelt strategy": (
        loop(strategy="outlaying_atom"),
        "distillation.Ni.strategy: ",
        "did you mean 'outlying_atom'?",
    ),
    "misspelt method": (momt(method="mmt"), "sampling.Ni/32/momt: ", "did you mean 'momt'?"),
    "misspelt device": ({"device": "cdua"}, "device: ", "did you mean 'cuda'?"),
    "misspelt set": (
        {"sampling": {"Ni/32/mom": {"frames": 20}}},
        "sampling.Ni/32/mom: ",
        "did you mean 'Ni/32/momt'?",
    ),
    "misspelt model": (
        {"models": {"Ni-fc": {"count": 20}}},
        "models.Ni-fc.frames: Field required",
        "did you mean 'Ni-fcc'?",
    ),
    "misspelt name of a set": (
        loop(source="Ni/32/mom"),
        "distillation.Ni.source: 'Ni/32/mom' is not a key of `sampling`",
        "did you mean 'Ni/32/momt'?",
    ),
    "misspelt name of a table": (
        {"elements": {"Ni": {"table": "ni-nb"}}},
        "elements.Ni.table: 'ni-nb' is not a key of `potentials`",
        "did you mean 'Ni-Nb'?",
    ),
    "misspelt frames": (
        model(frames="distilation/Ni/distilled"),
        "models.Ni-fcc.frames: 'distilation/Ni/distilled'",
        "did you mean 'distillation/Ni/distilled'?",
    ),
    "an unrelated argument that is none": (
        {"labels": {"Al": EMT["labels"]["Al"] | {"unrelated": ["command"]}}},
        "labels.Al: unrelated: 'command' is not a key of `arguments`",
        "(empty)",
    ),
    "no such device": ({"device": "tpu"}, "device: ", "'auto', 'cpu' or 'cuda'"),
    "no such table": (
        {"elements": {"Al": {"table": "Cu"}}},
        "elements.Al.table: 'Cu' is not a key of `potentials`",
        "(Ni-Nb, Al)",
    ),
    "hash of wrong length": (
        {"potentials": {"Al": {"sha256": "12ab"}}},
        "potentials.Al.sha256: ",
        "match pattern",
    ),
    "no such crystal": (
        {"elements": {"Al": {"structure": "dhcp"}}},
        "elements.Al.structure: ",
        "'fcc', 'bcc' or 'hcp'",
    ),
    "no element": (
        {"elements": {"Xy": {"table": "Al", "structure": "fcc", "lattice_constant_A": 4}}},
        "elements: 'Xy'",
        "no chemical symbol",
    ),
    "set without a place": (
        {"sampling": {"Ni-32-momt": CONFIG["sampling"]["Ni/32/momt"]}},
        "sampling: 'Ni-32-momt'",
        "must read element/atoms/ensemble, as Ni/32/momt",
    ),
    "set above its folder": (
        {"sampling": {"Ni/32/../momt": CONFIG["sampling"]["Ni/32/momt"]}},
        "sampling: 'Ni/32/../momt'",
        "must read element/atoms/ensemble, as Ni/32/momt",
    ),
    "set of two lines": (
        {"sampling": {"Ni/32/momt\n": CONFIG["sampling"]["Ni/32/momt"]}},
        "sampling: 'Ni/32/momt '",
        "must read element/atoms/ensemble, as Ni/32/momt",
    ),
    "model above its folder": (
        {"models": {"../Ni": CONFIG["models"]["Ni-fcc"]}},
        "models.../Ni.[key]: ",
        "match pattern",
    ),
    "run that is hidden": ({"run": "..default"}, "run: ", "match pattern"),
    "frames above the results": (
        model(frames="sampling/../../secret"),
        "models.Ni-fcc.frames: 'sampling/../../secret' is no set of frames",
        "use sampling/<key of `sampling`>",
    ),
    "endless mesh": (
        momt(enthalpy_range_eV_per_atom=[float("-inf"), -3.9]),
        "sampling.Ni/32/momt.enthalpy_range_eV_per_atom.0: ",
        "finite number",
    ),
    "endless decay": (
        {"training": {"weight_decay": float("inf")}},
        "training.weight_decay: ",
        "finite number",
    ),
    "atoms that fill no cube": (
        {"sampling": {"Ni/31/momt": CONFIG["sampling"]["Ni/32/momt"]}},
        "sampling.Ni/31/momt: 31 atoms",
        "use 4 n^3 atoms",
    ),
    "no such method": (momt(method="nvt"), "sampling.Ni/32/momt: ", "'momt', 'npt'"),
    "frames and walkers": (momt(frames=502), "sampling.Ni/32/momt: frames", "multiple of walkers"),
    "steps between frames": (
        momt(production_steps=800, frames=500),
        "sampling.Ni/32/momt: production_steps (800)",
        "must be a multiple of frames times trace_interval (500 x 50)",
    ),
    "mesh upside down": (
        momt(enthalpy_range_eV_per_atom=[-3.9, -4.7]),
        "sampling.Ni/32/momt: enthalpy_range_eV_per_atom",
        "low < high",
    ),
    "temperature outside": (
        momt(temperature_K=5000),
        "sampling.Ni/32/momt: temperature_K",
        "between low_temperature_K and high_temperature_K",
    ),
    "too coarse a mesh": (momt(nodes=[2, 60]), "sampling.Ni/32/momt: nodes", "at least [4, 4]"),
    "infinite pressure": (
        momt(pressure_bar=float("inf")),
        "sampling.Ni/32/momt.pressure_bar: ",
        "finite number",
    ),
    "long time step": (
        momt(timestep_fs=100),
        "sampling.Ni/32/momt.timestep_fs: ",
        "less than or equal to 10",
    ),
    "one member": (
        {"training": {"members": 1}},
        "training.members: ",
        "greater than or equal to 2",
    ),
    "cut-offs": (
        {"training": {"descriptor": {"angular_cutoff_A": 7}}},
        "training.descriptor: angular_cutoff_A",
        "must not exceed radial_cutoff_A",
    ),
    "steps in words": ({"training": {"steps": "many"}}, "training.steps: ", "valid integer"),
    "no frames of a model": ({"models": {"Ni-x": {}}}, "models.Ni-x.frames: ", "required"),
    "no source": (
        loop(source="Ni/256/momt"),
        "distillation.Ni.source: 'Ni/256/momt' is not a key of `sampling`",
        "Ni/32/momt",
    ),
    "many blocks": (
        loop(blocks=10_000),
        "distillation.Ni.blocks: 10000 blocks",
        "at least 100000 frames in sampling.Ni/32/momt.frames",
    ),
    "no such strategy": (loop(strategy="best"), "distillation.Ni.strategy: ", "'outlying_atom'"),
    "no test set": (
        {"translation": {"Al": {"test": "Al/32/momt"}}},
        "translation.Al.test: 'Al/32/momt' is not a key of `sampling`",
        "Al/108/momt",
    ),
    "stretching what is no FCC crystal": (
        {
            "distillation": {"Nb": {"source": "Nb/54/momt"}},
            "translation": {"Al": {"source": "Nb", "bain_share": 0.5}},
        },
        "translation.Al: bain_share stretches FCC crystals, but that of Nb",
        "leave it 0",
    ),
    "an alloy as an element": (
        {"elements": {"CuZr": {"table": "Al", "structure": "fcc", "lattice_constant_A": 4}}},
        "elements: 'CuZr' is no chemical symbol",
        "list elements one by one",
    ),
    "a set named by a formula": (
        {"sampling": {"Ni3Al/32/dft": FILE}},
        "sampling: 'Ni3Al/32/dft' must read element/atoms/ensemble",
        "as WBe/mixed/dft",
    ),
    "an element twice": (
        {"sampling": {"NiAlNi/32/dft": FILE}},
        "sampling: 'NiAlNi' names an element twice",
        "name each once",
    ),
    "sampling of an alloy": (
        {"sampling": {"NiAl/32/momt": CONFIG["sampling"]["Ni/32/momt"]}},
        "sampling: 'NiAl/32/momt': no sampling of alloys yet",
        "use one element to a set, or frames from a file",
    ),
    "sampling of several sizes": (
        {"sampling": {"Ni/mixed/momt": CONFIG["sampling"]["Ni/32/momt"]}},
        "sampling: 'Ni/mixed/momt': sampled frames have one size",
        "name their number of atoms",
    ),
    "an alloy of which an element is missing": (
        {"sampling": {"NiBe/32/dft": FILE}},
        "sampling.NiBe/32/dft: 'Be' is not a key of `elements`",
        "Ni, Al, Nb",
    ),
    "distilling an alloy from one of its elements": (
        alloy(distillation={"NiAl": {"source": "Ni/32/momt"}}),
        "distillation.NiAl.source: 'Ni/32/momt' is not a set of NiAl",
        "name one that is",
    ),
    "distilling an element from an alloy": (
        alloy(distillation={"Ni": {"source": "AlNi/mixed/dft"}}),
        "distillation.Ni.source: 'AlNi/mixed/dft' is not a set of Ni",
        "name one that is",
    ),
    "testing an alloy on another element": (
        alloy(distillation={"NiAl": {"source": "AlNi/mixed/dft", "test": "Nb/54/momt"}}),
        "distillation.NiAl.test: 'Nb/54/momt' is not a set of NiAl",
        "name one that is",
    ),
    "distilling what is no word of symbols": (
        alloy(distillation={"Ni-Al": {"source": "AlNi/mixed/dft"}}),
        "'Ni-Al' is no element, nor several symbols as one word",
        "as WBe",
    ),
    "translation of an alloy": (
        alloy(distillation=ALLOY_LOOP, translation={"Nb": {"source": "NiAl"}}),
        "translation.Nb.source: 'NiAl' is several elements",
        "name one of them",
    ),
    "translation to an alloy": (
        alloy(translation={"NiAl": {"source": "Ni"}}),
        "translation.NiAl: 'NiAl' is several elements",
        "name one of them",
    ),
    "properties of an alloy": (
        alloy(properties={"NiAl": {"models": ["Ni-full"], "liquid_temperature_K": 2000}}),
        "properties.NiAl: 'NiAl' is several elements",
        "name one of them",
    ),
    "neither melting temperature nor all that follows": (
        momt(low_temperature_K=None, enthalpy_width_eV=None),
        "sampling.Ni/32/momt: low_temperature_K, enthalpy_width_eV missing",
        "give melting_temperature_K, from which they follow, or give them all",
    ),
    "both ways": (
        momt(melting_temperature_K=1945),
        "sampling.Ni/32/momt: melting_temperature_K has no effect",
        "remove it, or one of temperature_K, low_temperature_K",
    ),
    "melting temperature in words": (
        momt(melting_temperature_K="high", temperature_K=None),
        "sampling.Ni/32/momt: melting_temperature_K",
        "must be a number of kelvins above 0",
    ),
    "melting temperature of nothing": (
        momt(melting_temperature_K=-5, temperature_K=None),
        "sampling.Ni/32/momt: melting_temperature_K",
        "must be a number of kelvins above 0",
    ),
    "by rule between given temperatures": (
        momt(melting_temperature_K=300, temperature_K=None),
        "sampling.Ni/32/momt: temperature_K",
        "between low_temperature_K and high_temperature_K",
    ),
    "learning steps without an interval": (
        momt(deposit_interval=None, learning_steps=1001),
        "sampling.Ni/32/momt: learning_steps",
        "must be a multiple of walkers times trace_interval (4 x 50)",
    ),
    "relabelled frames without labels": (
        {"models": {"Al-emt": {"frames": "translation/Ni-Al/relabelled"}}},
        "models.Al-emt.frames: ",
        "add labels.Al, which relabels them",
    ),
    "relabelled frames under a name that is compared with the EAM": (
        {
            "models": {"Ni-distilled": {"frames": "distillation/Ni/relabelled"}},
            "labels": {"Ni": {"calculator": "ase.calculators.emt.EMT"}},
        },
        "models.Ni-distilled: the model of this name is compared with the EAM",
        "another name",
    ),
    "a model called like its calculator": (
        {"models": {"EMT": {"frames": "translation/Ni-Al/relabelled"}}, **EMT},
        "models.EMT: ",
        "taken by the calculator of labels",
    ),
    "two references": (
        {
            "models": {"Al-emt": {"frames": "translation/Ni-Al/relabelled"}},
            "properties": {"Al": {"models": ["Al-translated", "Al-emt"]}},
            **EMT,
        },
        "models Al-translated, Al-emt of Al: some have labels of the EAM and some of EMT",
        "compare each with its own",
    ),
    "a calculator that is no class of a module": (
        {"labels": {"Al": {"calculator": "EMT"}}},
        "labels.Al.calculator: ",
        "match pattern",
    ),
    "labels of an unknown element": (
        {"labels": {"Cu": {"calculator": "ase.calculators.emt.EMT"}}},
        "labels.Cu: 'Cu' is not a key of `elements`",
        "Ni, Al, Nb",
    ),
    "properties of another element's model": (
        {"properties": {"Al": {"models": ["Ni-full"]}}},
        "properties.Al.models: 'Ni-full' is a model of Ni",
        "name one of Al",
    ),
    "properties of no model": (
        {"properties": {"Nb": {"models": ["Nb-translated", "Nb-own"]}}},
        "properties.Nb.models: 'Nb-own' is not a key of `models`",
        "Nb-translated",
    ),
    "undistilled source": (
        {"translation": {"Al": {"source": "Nb"}}},
        "translation.Al.source: 'Nb' is not a key of `distillation`",
        "(Ni)",
    ),
}


def test_shipped_configurations():
    default = load_settings(CONFIG)
    paper = load_settings(
        merged(CONFIG, yaml.safe_load((ROOT / "config/paper/full.yaml").read_text()))
    )
    assert (default.run, paper.run) == ("default", "paper")
    assert set(default.sampling) < set(paper.sampling)
    assert all(sampled.frames == 20_000 for sampled in paper.sampling.values())
    assert paper.distillation["Ni"].blocks == 10
    assert {paper.models[name].count for name in ("Ni-fcc", "Ni-liquid", "Ni-momt")} == {2000}
    for settings in (default, paper):
        assert settings.training.members == 5
        methods = {type(s) for s in settings.sampling.values()}
        assert methods == {Momt, Npt}


@pytest.mark.parametrize("case", BAD)
def test_bad_configuration(case):
    change, place, cure = BAD[case]
    with pytest.raises(PotstillError) as caught:
        load_settings(merged(CONFIG, change))
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"configuration: {place}")
    assert cure in line


def test_every_bad_setting_has_its_line():
    change = {"seed": -1, "device": "tpu", "training": {"members": 1}}
    with pytest.raises(PotstillError) as caught:
        load_settings(merged(CONFIG, change))
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["seed", "device", "training.members"]


def test_plain_dicts_come_back():
    settings = load_settings(CONFIG)
    assert load_settings(settings.model_dump(mode="json")) == settings


def test_plain_dicts_hold_every_setting_in_effect():
    """They are what a record tells of a run, defaults included."""

    def missing(section: BaseModel, plain: dict[str, Any], place: str) -> list[str]:
        found = []
        for name, field in type(section).model_fields.items():
            value = getattr(section, name)
            off = field.exclude_if and field.exclude_if(value)
            if name not in plain and not off:
                found.append(f"{place}.{name}")
            inner = value if isinstance(value, dict) else {"": value}
            for key, entry in inner.items():
                if isinstance(entry, BaseModel):
                    there = plain[name][key] if isinstance(value, dict) else plain[name]
                    found += missing(entry, there, f"{place}.{name}.{key}")
        return found

    settings = load_settings(merged(CONFIG, EMT))
    assert missing(settings, settings.model_dump(mode="json"), "") == []


def test_the_paper_keeps_its_strategy_and_others_have_the_best():
    paper = yaml.safe_load((ROOT / "config/paper/full.yaml").read_text())
    for config in (CONFIG, merged(CONFIG, paper)):
        assert load_settings(config).distillation["Ni"].strategy == "outlying_atom"
    assert "strategy" in CONFIG["distillation"]["Ni"]
    own = {"distillation": {"Al": {"source": "Al/108/momt"}}}
    assert load_settings(merged(CONFIG, own)).distillation["Al"].strategy == "d_optimal"


def test_a_set_from_a_file_stands_alone():
    settings = load_settings({"run": "mine", **with_file()})
    assert settings.potentials == {}
    found = settings.sampling["Cu/7/dft"]
    assert isinstance(found, FileSet)
    assert (found.shuffle, found.every, found.stress_unit) == (True, 1, "eV/A^3")
    # with a scale nothing of the crystals is asked
    settings = load_settings(
        {
            "run": "mine",
            "potentials": {"Al": {}},
            "elements": {"Cu": {}, "Al": {"table": "Al"}},
            "sampling": {"Cu/7/dft": FILE},
            "distillation": {"Cu": {"source": "Cu/7/dft"}},
            "translation": {"Al": {"source": "Cu", "scale": 1.1}},
        }
    )
    assert settings.length_scale("Al") == 1.1


def test_an_alloy_is_distilled_labelled_and_tested_by_the_name_of_its_elements():
    change = alloy(
        distillation=ALLOY_LOOP,
        models={"NiAl-distilled": {"frames": "distillation/NiAl/distilled"}},
        labels={"NiAl": {"calculator": "ase.calculators.emt.EMT"}},
    )
    del change["sampling"]["AlNi/mixed/dft"]["frames"]
    for test in (None, "Ni/108/momt", "AlNi/mixed/dft"):
        change["distillation"] = {"NiAl": ALLOY_LOOP["NiAl"] | {"test": test}}
        settings = load_settings(merged(CONFIG, change))
        assert settings.reference_of("NiAl", ["NiAl-distilled"]) == "EAM"
        assert settings.sampling["AlNi/mixed/dft"].frames is None
    with pytest.raises(PotstillError, match=r"frames: add labels\.NiAl, which relabels them"):
        change["labels"] = {}
        change["models"]["x"] = {"frames": "distillation/NiAl/relabelled"}
        load_settings(merged(CONFIG, change))


def test_length_scales_are_those_of_the_paper_or_the_settings():
    settings = load_settings(CONFIG)
    assert settings.length_scale("Al") == pytest.approx(1.1505, abs=5e-5)
    assert settings.length_scale("Nb") == pytest.approx(1.183, abs=5e-4)
    volumes = (3.30237**3 / 2) / (3.51623**3 / 4)
    assert settings.length_scale("Nb") ** 3 == pytest.approx(volumes)
    given = load_settings(merged(CONFIG, {"translation": {"Nb": {"scale": 1.25}}}))
    assert given.length_scale("Nb") == 1.25


def test_relabelled_frames_are_scaled_and_compared_with_their_calculator():
    change = {"models": {"Al-emt": {"frames": "translation/Ni-Al/relabelled"}}, **EMT}
    settings = load_settings(merged(CONFIG, change))
    assert settings.reference_of("Al", ["Al-translated"]) == "EAM"
    assert settings.reference_of("Al", ["Al-emt"]) == "EMT"
    both = (settings.training_of(settings.models[n]) for n in ("Al-emt", "Al-translated"))
    assert len({training.descriptor for training in both}) == 1


def test_symmetry_functions_are_scaled_for_translated_frames_alone():
    settings = load_settings(CONFIG)
    plain, scaled = (
        settings.training_of(settings.models[name]).descriptor
        for name in ("Ni-distilled", "Al-translated")
    )
    assert plain == settings.training.descriptor
    factor = settings.length_scale("Al")
    assert scaled.angular_cutoff_A == pytest.approx(factor * plain.angular_cutoff_A)
    # a Gaussian at the scaled distance has the same value: eta (r - s)^2 does not change
    assert scaled.radial_eta * (3 * factor - scaled.radial_start_A) ** 2 == pytest.approx(
        plain.radial_eta * (3 - plain.radial_start_A) ** 2
    )
    off = load_settings(merged(CONFIG, {"translation": {"Al": {"scale_descriptor": False}}}))
    assert off.training_of(off.models["Al-translated"]) == off.training
    assert isinstance(Descriptor.model_validate(scaled.model_dump()), Descriptor)


def test_reference_is_up_to_date_and_complete():
    text = reference()
    assert (ROOT / "config/README.md").read_text() == text
    for name in ("learning_steps", "melt_temperature_K", "radial_cutoff_A", "converged_share"):
        assert f"| `{name}` |" in text


def test_symmetry_functions_are_as_long_as_atoms_are_large():
    """Of the default's own element they stay; what is given stays; the largest of several counts.

    Aluminium's atoms take 4.05^3 / 4 A^3, nickel's 3.52^3 / 4: ASE's crystals.
    """
    functions, factor = Descriptor(), round(4.05 / 3.52, 3)
    assert functions.of_elements(["Ni"]) == functions
    made = functions.of_elements(["Al"])
    assert made.radial_cutoff_A == pytest.approx(6.0 * factor)
    assert made.angular_eta == pytest.approx(4.0 / factor**2)
    assert made.radial_shifts == functions.radial_shifts
    assert functions.of_elements(["Be", "Al", "Ni"]) == made
    given = Descriptor(angular_cutoff_A=4.5).of_elements(["Al"])
    assert (given.angular_cutoff_A, given.radial_cutoff_A) == (4.5, made.radial_cutoff_A)
    with pytest.raises(ValueError, match=r"1\.151 times .*angular_cutoff_A must not exceed"):
        Descriptor(radial_cutoff_A=3.6).of_elements(["Al"])
