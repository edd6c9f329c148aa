"""What a run says of itself: how long its jobs should take, and what it came to."""

from pathlib import Path

from potstill.report.run_results import ResultFiles, read_run
from potstill.report.run_summary import run_summary
from potstill.runtime import time_left


def expected_seconds(job):
    """Return how long a job should take, s, before there is anything to go by."""
    name, wildcards = job.rule.name, job.wildcards
    if name == "sample":
        sampled = setting("sampling", set_name(wildcards))
        return time_left.sampling_seconds(sampled, int(wildcards.atoms), cores=2)
    if name in ("train", "train_iteration"):
        return time_left.training_seconds(
            settings.training_of(model_data(wildcards.model))
        )
    return time_left.rule_seconds(name)


def summary_of_run(seconds):
    """Return the last lines of a run that went well and took so many seconds."""
    results = f"results/{settings.run}"
    made = {file for job in workflow.dag.jobs for file in map(Path, job.output)}
    made = {file for file in made if file.exists()}
    files = ResultFiles(
        *(
            {name: Path(file) for name, file in by_name.items()}
            for by_name in result_files(results, judged_models())
        )
    )
    lines = run_summary(
        read_run(files.among(made)),
        Path(results),
        made=made,
        targets=made.intersection(map(Path, workflow.dag.derived_targetfiles)),
        one_page=command_of(f"--report {results}/report.html"),
    )
    return [*lines, f"time: {time_left.in_words(seconds)}"]
