#!/usr/bin/env bash
# Runs in the new conda environment and installs the clone into it. Snakemake runs a copy of this
# file, from the folder where it was started; workflow/Snakefile tells where the clone is.
set -euo pipefail
clone=${POTSTILL_CLONE:-$(cd "$(dirname "$0")/.." && pwd)}
if [ ! -f "$clone/envs/constraints.txt" ]; then
    echo "error: no clone of Potstill in $clone; set POTSTILL_CLONE to the folder of one" >&2
    exit 1
fi
python -m pip install -c "$clone/envs/constraints.txt" -e "$clone[properties]"
