"""What a run says of itself: how long its jobs should take, and what it came to."""


def expected_seconds(job):
    """Return how long a job should take, s, before there is anything to go by."""
    name, wildcards = job.rule.name, job.wildcards
    if name == "sample":
        sampled = plan.sets.dynamics(SET.make(**wildcards))
        return time_left.sampling_seconds(sampled, int(wildcards.atoms), cores=2)
    if name in ("train", "train_iteration"):
        return time_left.training_seconds(plan.training(wildcards.model))
    return time_left.rule_seconds(name)


def command_of(arguments):
    """Return the command that runs Snakemake with these arguments on this run's settings."""
    command = f"snakemake {arguments}"
    for file in workflow.overwrite_configfiles:
        inside = file.resolve().is_relative_to(clone)
        command += f" --configfile {os.path.relpath(file, clone) if inside else file.name}"
    return command


def summary_of_run(seconds):
    """Return the last lines of a run that went well and took so many seconds."""
    results = Path("results", settings.run)
    made = {file for job in workflow.dag.jobs for file in map(Path, job.output) if file.exists()}
    lines = run_summary(
        read_run(result_files(plan, results, plan.judged()).among(made)),
        results,
        made=made,
        targets=made.intersection(map(Path, workflow.dag.derived_targetfiles)),
        one_page=command_of(f"--report {results}/report.html"),
    )
    return [*lines, f"time: {time_left.in_words(seconds)}"]
