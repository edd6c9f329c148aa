"""A rule's function gets the rule's files and values by their names, as what it asks for."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from snakemake.iocontainers import InputFiles, OutputFiles, Params, Wildcards

from potstill.errors import PotstillError
from potstill.runtime.call import arguments_of, check_version, find, given_by
from potstill.settings import Descriptor
from potstill.versions import library


class Pair(NamedTuple):
    summary: Path
    evaluation: Path


def job(input: dict[str, Any], output: Any, params: dict[str, Any]) -> SimpleNamespace:
    """Return what a script gets of Snakemake, in Snakemake's own containers."""
    named = output if isinstance(output, dict) else {}
    return SimpleNamespace(
        rule="toy",
        input=InputFiles(fromdict=input),
        output=OutputFiles(fromdict=named) if named else OutputFiles([output]),
        params=Params(fromdict=params),
        wildcards=Wildcards(fromdict={"element": "Ni", "iteration": "3"}),
        threads=2,
    )


def test_files_and_values_become_what_the_annotations_say() -> None:
    def function(
        frames: Path,
        parts: list[Path],
        pair: Pair,
        models: dict[str, Path],
        *,
        descriptor: Descriptor,
        block: int,
        count: int | None,
        of: str = "frames",
        output: Path,
    ) -> None: ...

    given = given_by(
        job(
            {"frames": "a.h5", "parts": ["b", "c"], "pair": ["d", "e"], "models": ["f", "g"]},
            "out.csv",
            {
                "call": "toy.function 0123456789ab",
                "depends_on": {"anything": 1},
                "caption": "A toy.",
                "models": ["first", "second"],
                "descriptor": Descriptor(zeta=4.0).model_dump(mode="json"),
                "block": "3",
                "arguments": {"count": None},
            },
        )
    )
    made = arguments_of(function, given, {"element": "Ni", "threads": 2})
    assert made == {
        "frames": Path("a.h5"),
        "parts": [Path("b"), Path("c")],
        "pair": Pair(Path("d"), Path("e")),
        "models": {"first": Path("f"), "second": Path("g")},
        "descriptor": Descriptor(zeta=4.0),
        "block": 3,
        "count": None,
        "output": Path("out.csv"),
    }


def test_wildcards_and_threads_are_offered_and_a_rule_s_own_goes_first() -> None:
    def function(element: str, iteration: int, threads: int, *, output: Path) -> None: ...

    given = given_by(job({}, {"output": "a"}, {"element": "Al"}))
    offered = {"element": "Ni", "iteration": "3", "threads": 2}
    made = arguments_of(function, given, offered)
    assert made == {"element": "Al", "iteration": 3, "threads": 2, "output": Path("a")}


def test_a_rule_and_its_function_must_agree() -> None:
    def function(frames: Path, *, seed: int, output: Path) -> None: ...

    with pytest.raises(TypeError, match="function takes no models"):
        arguments_of(function, {"frames": "a", "seed": 1, "output": "b", "models": []}, {})
    with pytest.raises(TypeError, match="function is not given seed"):
        arguments_of(function, {"frames": "a", "output": "b"}, {})
    with pytest.raises(TypeError, match="rule toy: two things of one name"):
        given_by(job({"frames": "a"}, {"frames": "b"}, {}))
    with pytest.raises(ValueError, match=r"shorter|longer"):
        given_by(job({"models": ["a", "b"]}, "c", {"models": ["one"]}))


def test_a_function_is_named_with_its_version() -> None:
    assert find("errors.PotstillError 0123456789ab") is PotstillError
    with pytest.raises(AttributeError):
        find("errors.NoSuchThing 0123456789ab")


def test_a_job_with_another_library_than_the_plan_s_ends_in_one_line() -> None:
    planned = library("sampling.sample.sample")
    check_version(planned)
    other = "sampling.sample.sample 0123456789ab"
    with pytest.raises(PotstillError) as caught:
        check_version(other)
    assert str(caught.value).startswith(f"{other} was planned, but the library in ")
    assert f"has {planned}; install the clone whose Snakefile runs" in str(caught.value)
