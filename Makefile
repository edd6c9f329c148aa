# Every recipe is what you would type yourself in an environment that holds the project.
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# Snakemake and matplotlib keep files in the home; where it cannot be written, here
ifneq ($(shell mkdir -p "$${XDG_CACHE_HOME:-$$HOME/.cache}/snakemake" 2>/dev/null && echo writable),writable)
export XDG_CACHE_HOME := $(CURDIR)/.snakemake/cache
export MPLCONFIGDIR := $(CURDIR)/.snakemake/matplotlib
endif

.PHONY: run paper reproduction report bench bench-mace bench-select bench-torch-sim test lint audit config-reference versions env
.DELETE_ON_ERROR:

# the default configuration on two cores, into results/default/
run: env
	snakemake --profile workflow/profiles/local --cores 2

# the paper's full scale on this machine; on a cluster: snakemake --profile slurm --configfile config/paper/full.yaml
paper: env
	snakemake --profile workflow/profiles/local --cores all --configfile config/paper/full.yaml

# the paper's scale with every number beside the paper's, and its small files into docs/reproduction/
reproduction: env
	snakemake --profile workflow/profiles/local --cores 2 reproduction --configfile config/paper/full.yaml
	cp -R results/paper/reproduction/. docs/reproduction/

# one HTML file with the results, every figure and every table of the default run
report: env
	snakemake --report results/default/report.html --report-metadata workflow/report/metadata.yaml

# sampling against LAMMPS, training and inference against torchani, relaxation against ASE, on one core (docs/benchmarks.md)
bench: env
	python benchmarks/sampling.py results/bench/sampling.json
	python benchmarks/training.py results/bench/training.json
	python benchmarks/relaxation.py results/bench/relaxation.json

# training against MACE, which is installed into an environment of its own; 35 minutes
bench-mace: env
	python benchmarks/independent.py results/bench/independent.json

# selection against QUESTS, which is installed into an environment of its own; half an hour
bench-select: env
	python benchmarks/selection.py results/bench/selection.json

# relaxation against ASE and torch-sim, which is installed into an environment of its own
bench-torch-sim: env
	python benchmarks/relaxation.py results/bench/relaxation.json --torch-sim results/bench/torch-sim

test: env
	pytest

lint: env
	ruff check
	ruff format --check
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint
	python -m potstill.settings.reference | diff config/README.md -
	python -m potstill.settings.schema | diff workflow/schemas/config.schema.yaml -
	python -m potstill.settings.schema --change | diff workflow/schemas/change.schema.yaml -
	python -m potstill.versions --check

# known vulnerabilities of the pinned packages; it asks PyPI for them, so it is no part of the tests
audit: env
	pip install -c envs/constraints.txt -e '.[audit]'
	pip-audit --strict --disable-pip --no-deps -r envs/constraints.txt

# what config/README.md and the editors' schemas say of the settings
config-reference: env
	python -m potstill.settings.reference > config/README.md
	python -m potstill.settings.schema > workflow/schemas/config.schema.yaml
	python -m potstill.settings.schema --change > workflow/schemas/change.schema.yaml

# the versions of the stages' results, after a change of the library (docs/interruptions.md)
versions: env
	python -m potstill.versions

env: .venv/installed

.venv/installed: pyproject.toml envs/constraints.txt
	$(PYTHON) -m venv .venv && .venv/bin/pip install -c envs/constraints.txt -e '.[test]' && touch $@
