"""Run one job: the library's function that its rule names, with the rule's files and values."""

from potstill.runtime.call import call
from potstill.runtime.job import job

with job(snakemake) as s:
    call(s)
