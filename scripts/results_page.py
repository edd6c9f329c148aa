"""Put what a run came to on one page."""

from pathlib import Path

from potstill.paper.data import Trained
from potstill.report.results_page import Results, write_results_page
from potstill.runtime.job import job

with job(snakemake) as s:
    files = [Path(path) for path in s.input.tested]
    write_results_page(
        s.params.run,
        Results(
            tested={
                tuple(shown): Trained(*pair)
                for shown, pair in zip(
                    s.params.tested, zip(files[::2], files[1::2], strict=True), strict=True
                )
            },
            crystals=[Path(path) for path in s.input.crystals],
            sampled=dict(zip(s.params.sets, map(Path, s.input.sampled), strict=True)),
            reductions=dict(zip(s.params.elements, map(Path, s.input.reductions), strict=True)),
            figures=dict(zip(s.params.captions, map(Path, s.input.figures), strict=True)),
        ),
        Path(s.output[0]),
    )
