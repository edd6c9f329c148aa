"""What the tests of faults share: work for jobs, a disk to fill, whole runs to break."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import ase.build
import numpy as np
import psutil
import pytest
import yaml
from processes import sampling_process, snakemake_command

from potstill.data.frames import write_frames
from potstill.data.structures import Structures
from potstill.potentials.eam import EamPotential, label_frames
from potstill.settings import Momt

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def frames(tables: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 60 frames of 32 nickel atoms, displaced by 0.05 to 0.2 A, labelled by EAM."""
    random = np.random.default_rng(4)
    crystal = ase.build.bulk("Ni", "fcc", a=3.55, cubic=True).repeat(2)
    width = 0.05 + 0.15 * random.random((60, 1, 1))
    made = label_frames(
        EamPotential.from_file(tables["Ni-Nb"], "Ni"),
        Structures.uniform(
            "Ni",
            crystal.positions + width * random.normal(size=(60, 32, 3)),
            np.tile(crystal.cell.array, (60, 1, 1)),
        ),
    )
    made.columns.update(enthalpy=made.energy, order_parameter=random.random(60))
    path = tmp_path_factory.mktemp("frames") / "frames.h5"
    write_frames(path, made)
    return path


@pytest.fixture(scope="session")
def momt(momt: Callable[..., Momt]) -> Momt:
    """A short MOMT run of 32 nickel atoms in 105 segments, after each of which it can be saved."""
    return momt(learning_steps=36_000, production_steps=18_000, frames=60)


class Disk:
    """A small file system of its own at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.filler = folder / "filler"
        folder.mkdir()
        self.mounted = self._mount("-t", "tmpfs", "-o", "size=8m", "tmpfs") == 0

    def _mount(self, *arguments: str) -> int:
        command = ["mount", *arguments, str(self.folder)]
        return subprocess.run(command, capture_output=True).returncode

    def remount(self, mode: str) -> None:
        """Make it read-only (ro) or not (rw)."""
        assert self._mount("-o", f"remount,{mode}") == 0

    def fill(self) -> None:
        """Leave no byte free."""
        with self.filler.open("wb", buffering=0) as handle:
            try:
                while True:
                    handle.write(bytes(4096))
            except OSError:
                pass

    def empty(self) -> None:
        """Free what `fill` took."""
        self.filler.unlink()

    def close(self) -> None:
        """Unmount it."""
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], check=True)


class Runs:
    """Runs of the workflow with one short sampled set, each in a folder of its own."""

    SET = "results/small/sampling/Ni/32/momt"
    FRAMES, TRACE = f"{SET}.h5", f"{SET}_trace.h5"
    FIGURE = "results/small/plots/sampling/Ni-32-momt.pdf"

    def __init__(self, folder: Path, tables: dict[str, Path]) -> None:
        self.folder = folder
        content = yaml.safe_load((ROOT / "tests/workflow/tiny.yaml").read_text())
        content["run"] = "small"
        content["sampling"]["Ni/32/momt"]["learning_steps"] = 120_000  # a second or more
        content["potentials"] = {name: {"file": str(path)} for name, path in tables.items()}
        self.config = folder / "small.yaml"
        self.config.write_text(yaml.safe_dump(content))

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """Start Snakemake as the leader of a process group, its output in a file."""
        (self.folder / name).mkdir(exist_ok=True)
        options = (*arguments, "--configfile", self.config, "--cores", "2")
        with (self.folder / f"{name}.txt").open("w") as output:
            return subprocess.Popen(
                snakemake_command(self.folder / name, *options),
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def run(self, name: str, *arguments: str) -> tuple[int, str]:
        """Run Snakemake to its end; return its exit status and what it said."""
        return self.start(name, *arguments).wait(), self.said(name)

    def said(self, name: str) -> str:
        """Return what the last Snakemake that was started in a folder said."""
        return (self.folder / f"{name}.txt").read_text()

    def sampling_job(self, process: subprocess.Popen[str]) -> psutil.Process:
        """Wait for the process that samples to be at it, ready for SIGTERM, and return it."""
        main = psutil.Process(process.pid)
        return sampling_process(
            lambda: main.children(recursive=True), lambda: process.poll() is None
        )

    def end(self, process: subprocess.Popen[str]) -> None:
        """Kill what is left of a run."""
        if process.poll() is None:
            os.killpg(process.pid, 9)
            process.wait()

    def contents(self, name: str) -> dict[str, bytes]:
        """Return the data files and figures of a run by name."""
        results = self.folder / name / "results/small"
        return {
            str(path.relative_to(results)): path.read_bytes()
            for kind in ("h5", "pdf", "svg")
            for path in results.rglob(f"[!.]*.{kind}")
        }

    def leftovers(self, name: str) -> list[Path]:
        """Return restart files, locks and half-written files."""
        results = self.folder / name / "results/small/sampling"
        unwanted = (".restart", ".lock", ".part.")
        return [p for p in results.rglob("*") if any(part in p.name for part in unwanted)]

    def jobs_of(self, said: str) -> dict[str, int]:
        """Return the numbers of jobs by rule of a run."""
        table = said.partition("Job stats:")[2].partition("\ntotal")[0]
        return {name: int(n) for name, n in re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)}


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, tables: dict[str, Path]) -> Runs:
    """Runs with one short sampled set."""
    return Runs(tmp_path_factory.mktemp("runs"), tables)


@pytest.fixture
def disk(runs: Runs, request: pytest.FixtureRequest) -> Iterator[Disk]:
    """A disk of 8 MB in the folder of the runs."""
    made = Disk(runs.folder / request.node.name)
    if not made.mounted:
        pytest.skip("mount needs root: run as root, or in a container that may mount")
    yield made
    made.close()
