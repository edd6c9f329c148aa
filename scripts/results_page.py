"""Put what a run came to on one page."""

from pathlib import Path

from potstill.report.read_results import Trained
from potstill.report.results_page import write_results_page
from potstill.report.run_results import Relaxed, ResultFiles, read_run
from potstill.runtime.job import job


def paths(names, files):
    """Return the files as paths, by name."""
    return dict(zip(names, map(Path, files), strict=True))


def pairs(kind, names, files):
    """Return the files, two of each model, by names such as (model, set)."""
    of_models = zip(files[::2], files[1::2], strict=True)
    return {
        tuple(name): kind(*map(Path, pair)) for name, pair in zip(names, of_models, strict=True)
    }


with job(snakemake) as s:
    write_results_page(
        s.params.run,
        read_run(
            ResultFiles(
                tested=pairs(Trained, s.params.tested, s.input.tested),
                relaxed=pairs(Relaxed, s.params.relaxed, s.input.relaxed),
                references=paths(s.params.references, s.input.references),
                reductions=paths(s.params.reductions, s.input.reductions),
                sampled=paths(s.params.sampled, s.input.sampled),
            )
        ),
        paths(s.params.captions, s.input.figures),
        Path(s.output[0]),
    )
