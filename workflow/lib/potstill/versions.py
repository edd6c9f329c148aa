"""The version of each stage's results.

A stage's results depend on its number through the params of its rules and the restart files of its
jobs. Raise it by hand when a change of the library changes them: Snakemake sees changes of settings
and of scripts, but not of an imported package.
"""

VERSION = {
    "potentials": 1,
    "sampling": 12,
    "training": 12,
    "evaluation": 5,
    "distillation": 5,
    "study": 1,  # its tables; what it picks is of distillation
    "translation": 3,
    "relaxation": 3,
    "properties": 4,
    "report": 1,
    "paper": 4,
}
