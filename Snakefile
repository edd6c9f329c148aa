"""The workflow, for `snakemake` in a clone; workflow/Snakefile is the same."""


include: "workflow/Snakefile"


# the default target of an included file does not count
rule default:
    default_target: True
    input:
        rules.all.input,
    localrule: True
