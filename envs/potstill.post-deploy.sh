#!/usr/bin/env bash
# Runs in the new conda environment, from the folder where Snakemake was started: the repository.
set -euo pipefail
python -m pip install -c envs/constraints.txt -e '.[properties]'
