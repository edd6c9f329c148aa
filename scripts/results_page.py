"""Put what a run came to on one page."""

from pathlib import Path

from potstill.report.results_page import results_page
from potstill.runtime.job import job

FILES = ("summaries", "evaluations", "crystals", "references", "reductions", "sampled", "images")

with job(snakemake) as s:
    results_page(
        s.params.run,
        Path(s.output[0]),
        **{
            name: dict(zip(s.params[name], map(Path, s.input[name]), strict=True)) for name in FILES
        },
    )
