"""Snakemake's lines made shorter."""

from potstill.runtime.console import shortened_reason
from potstill.runtime.shortened import shortened


def test_long_lists_are_cut():
    names = [f"figures/{n}.svg" for n in range(90)]
    assert shortened(names) == [*names[:3], "and 87 more"]
    assert shortened(names[:4]) == names[:4]
    assert shortened([]) == []


def test_reasons_keep_their_words():
    many = ", ".join(f"figures/{n}.svg" for n in range(90))
    cut = "figures/0.svg, figures/1.svg, figures/2.svg, and 87 more"
    assert shortened_reason(
        f"Missing output files: a.md; Input files updated by another job: {many}"
    ) == (f"Missing output files: a.md; Input files updated by another job: {cut}")
    assert shortened_reason("Forced execution") == "Forced execution"
    plain = "Code has changed since last execution; Updated input files: a, b"
    assert shortened_reason(plain) == plain
