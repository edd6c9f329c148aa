"""What all rules inherit: `use rule job as x with`. A rule names a function of the library in
`params.call`, which gets the rule's files and values by their names (potstill.runtime.call).
"""

# a picture in three forms, and a table in four, of which a report shows one
picture = lambda path, **shown: [report(f"{path}.svg", **shown), f"{path}.pdf", f"{path}.png"]
printed = lambda path, **shown: {
    "csv": f"{path}.csv",
    "markdown": f"{path}.md",
    "tex": f"{path}.tex",
    "page": report(f"{path}.html", **shown),
}


rule job:
    log:
        "<logs>/job.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    message:
        "{rule}: {output[0]}"
    script:
        "../../scripts/job.py"


# Made in seconds, on the submitting machine of a cluster with `localrule: True`, which no rule
# inherits.
use rule job as small_job with:
    localrule: True
    resources:
        mem_mb=2000,
        runtime=30,


# Runs networks: a profile may give it a GPU.
use rule job as network_job with:
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
        gpu=0,
