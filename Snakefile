"""Data distillation for neural network potentials: from published tables to the paper's figures.

The stages, each a file of rules under workflow/rules:
potentials -> sampling -> training -> distillation -> translation -> relaxation -> paper
"""

import sys
from pathlib import Path

from snakemake.logging import logger
from snakemake.utils import min_version

from potstill.errors import PotstillError
from potstill.runtime.console import Console
from potstill.settings import load_settings

min_version("9.19")


configfile: str(Path(workflow.basedir, "config/config.yaml"))


try:
    settings = load_settings(config)
except PotstillError as error:
    sys.exit(str(error))


pathvars:
    results=f"results/{settings.run}",
    logs=f"results/{settings.run}/logs",


report: "workflow/report/workflow.rst"


wildcard_constraints:
    table="|".join(settings.potentials),
    element="[A-Z][a-z]?",
    source="[A-Z][a-z]?",
    target="[A-Z][a-z]?",
    atoms="[1-9][0-9]*",
    ensemble="[a-z][a-z0-9]*",
    iteration="[0-9]+",
    grid="[0-9]+x[0-9]+",
    strategy="[a-z_]+",
    percent="[0-9.]+",
    replica="[0-9]+",
    factors="[0-9._]+",
    of="frames|atoms",
    model="[A-Za-z0-9][A-Za-z0-9_.-]*",


include: "workflow/rules/common.smk"
include: "workflow/rules/apart.smk"
include: "workflow/rules/potentials.smk"
include: "workflow/rules/sampling.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/distillation.smk"
include: "workflow/rules/study.smk"
include: "workflow/rules/translation.smk"
include: "workflow/rules/relaxation.smk"
include: "workflow/rules/properties.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/results.smk"
include: "workflow/rules/provenance.smk"
include: "workflow/rules/reproduction.smk"
include: "workflow/rules/console.smk"
include: "workflow/rules/targets.smk"


localrules:
    all,
    tables,
    figures,


rule all:
    default_target: True
    input:
        rules.tables.input,
        rules.figures.input,
        expand(
            "<results>/distillation/{element}/reduction.md",
            element=settings.distillation,
        ),
        "<results>/results.html",
        "<results>/provenance.json",


# Jobs of a run read this file, too, and say no more than they have to.
if workflow.is_main_process:
    console = Console(workflow, expected_seconds)
    console.attach(logger)


onsuccess:
    for line in summary_of_run(console.seconds()):
        logger.info(line)


onerror:
    for line in console.failures():
        logger.error(line)
