"""Names are made and read by the same templates, which are the rules' wildcards as well."""

import re

import pytest

from potstill.paper import names as paper
from potstill.settings import names
from potstill.settings.names import (
    Template,
    element_of,
    is_relabelled,
    split_sampled,
    split_set,
    split_symbols,
)

FIELDS = {
    "element": "Ni", "source": "Ni", "target": "Al", "atoms": "108", "ensemble": "momt",
    "iteration": "3", "grid": "16x16", "strategy": "d_optimal", "percent": "0.5", "replica": "2",
    "factors": "0.98_1_1.02", "share": "0.25", "of": "atoms", "model": "Ni-full", "count": "34",
    "rest": "bain-0.25",
}  # fmt: skip
# the same of frames of several elements and sizes
ALLOY = FIELDS | {"element": "WBe", "atoms": "mixed", "ensemble": "dft", "model": "WBe-full"}
TEMPLATES = {
    f"{room.__name__.rpartition('.')[0]}.{name}": template
    for room in (names, paper)
    for name, template in vars(room).items()
    if isinstance(template, Template)
}


@pytest.mark.parametrize("fields", [FIELDS, ALLOY], ids=["one", "several"])
@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_what_is_made_is_read(template, fields):
    made = template.make(**fields)
    read = template.read(made)
    assert read and template.make(**read) == made
    assert all(fields[name] == value for name, value in read.items())
    assert re.fullmatch(template.regex, made)
    assert template.read(f"{made}!") is None or "rest" in read
    assert template.read(f"!{made}") is None


def test_models_of_different_kinds_are_told_apart():
    """Of all names that a configuration implies, each is read by its own template alone."""
    kinds = [t for name, t in TEMPLATES.items() if name.endswith("_MODEL")]
    for kind in kinds:
        name = kind.make(**FIELDS)
        readers = [other for other in kinds if other.read(name)]
        assert readers == [kind], name


def test_elements_and_labels():
    assert split_set("Nb/54/momt") == (("Nb",), 54, "momt")
    assert split_set("WBe/mixed/dft") == (("W", "Be"), None, "dft")
    assert split_set("NB/54/dft") == (("N", "B"), 54, "dft")
    assert split_sampled("Nb/54/momt") == ("Nb", 54, "momt")
    for name in (
        "Nb/54",
        "Nb/054/momt",
        "nb/54/momt",
        "W-Be/54/dft",
        "Ni3Al/32/dft",
        "Nb/0/dft",
        "Nb/Mixed/dft",
        "Nb/54/Momt",
        "/54/momt",
    ):
        with pytest.raises(ValueError, match="must read element/atoms/ensemble"):
            split_set(name)
    assert element_of("sampling/Ni/32/momt") == element_of("distillation/Ni/distilled") == "Ni"
    assert element_of("distillation/WBe/distilled") == "WBe"
    assert element_of("translation/Ni-Al/frames") == "Al"
    assert is_relabelled("translation/Ni-Al/relabelled")
    assert is_relabelled("distillation/Ni/relabelled")
    assert not is_relabelled("distillation/Ni/distilled")


def test_sampled_sets_and_words_that_are_no_systems():
    with pytest.raises(ValueError, match="no sampling of alloys yet; use one element"):
        split_sampled("NiAl/32/momt")
    with pytest.raises(ValueError, match="sampled frames have one size"):
        split_sampled("Ni/mixed/momt")
    with pytest.raises(ValueError, match="'WBeW' names an element twice"):
        split_set("WBeW/mixed/dft")
    for word in ("", "W-Be", "w", "Ni3Al", "nickel"):
        with pytest.raises(ValueError, match=f"'{word}' is no element, nor several symbols"):
            split_symbols(word)


def test_a_translation_is_of_one_element():
    assert names.TRANSLATED.read("translation/WBe-Al/frames") is None
    assert names.TRANSLATED.read("translation/Ni-WBe/frames") is None
