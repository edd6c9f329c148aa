"""A real Slurm of one node on this machine, with two stand-in GPUs, for the time of the tests.

Slurm's own programs are given /etc/slurm: a job step forgets SLURM_CONF. Hence root is needed, and
files there that these tests did not write are never touched.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

ETC = Path("/etc/slurm")
CONFIG = ETC / "slurm.conf"
MARK = "# Potstill's tests wrote this file and remove it; daemons under "
# where a machine of a real cluster has its configuration
FOREIGN = [CONFIG, ETC / "gres.conf", ETC / "cgroup.conf", Path("/run/slurm/conf/slurm.conf")]
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol"]
DAEMONS = ["slurmctld", "slurmd", "munged"]
# Snakemake's options for jobs that go to it
PROFILES = ("--profile", "slurm", "--profile", Path(__file__).parent / "site.yaml")
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"

# CPUs and memory are claimed, not measured (config_overrides): the jobs ask for what they would
# ask of a real node, and the test's profile says how many run at once.
SLURM_CONF = """\
ClusterName=potstill
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munged.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
ReturnToService=2
MinJobAge=3600
KillWait=10
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=16 RealMemory=256000 Gres=gpu:2
PartitionName=tests Nodes={host} Default=YES MaxTime=INFINITE
"""
OTHER_FILES = {
    "gres.conf": "Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n",
    "cgroup.conf": "CgroupPlugin=cgroup/v1\n",
}


def obstacle() -> str | None:
    """Return why no Slurm can be started here and what to do, or None."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]
    if missing:
        return f"no {', '.join(missing)}: apt-get install --no-install-recommends slurm-wlm munge"
    if os.geteuid():
        return "a Slurm of one's own needs root: run as root, or in a container"
    for path in FOREIGN:
        if path.exists() and not path.read_text().startswith(MARK):
            return f"{path} belongs to another Slurm, which is left alone: run in a container"
    return None


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def call(*command: str | Path) -> str:
    """Return the output of one of Slurm's or munge's programs, which may not take long."""
    done = subprocess.run(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=30, env={**os.environ, "PATH": PATH},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command[0]}: exit status {done.returncode}: {done.stdout}")
    return done.stdout


def jobs_of(folder: Path) -> list[dict[str, str]]:
    """Return `scontrol show job` of each job that was submitted from a folder, in their order."""
    described = call("scontrol", "--oneliner", "show", "job").splitlines()
    fields = [dict(f.split("=", 1) for f in job.split() if "=" in f) for job in described]
    return [job for job in fields if job.get("WorkDir") == str(folder)]


def _alive(pid: int, folder: Path) -> bool:
    """Return whether a process is a daemon of `folder`, and not one that got its number since."""
    try:
        return str(folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether `condition()` became true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _stop(folder: Path) -> None:
    """End the jobs and daemons of `folder`, and remove it and the files in /etc/slurm."""
    with suppress(RuntimeError, subprocess.TimeoutExpired, FileNotFoundError):
        call("scancel", "--user", "root")
        _wait(lambda: not call("squeue", "--noheader"), 15)
    for name in DAEMONS:
        with suppress(OSError, ValueError):
            pid = int((folder / f"{name}.pid").read_text())
            if _alive(pid, folder):
                os.kill(pid, signal.SIGTERM)
                if not _wait(lambda pid=pid: not _alive(pid, folder), 10):
                    os.kill(pid, signal.SIGKILL)
    for name in ("slurm.conf", *OTHER_FILES):
        (ETC / name).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def clear_earlier() -> None:
    """Stop what tests that were killed have left."""
    if CONFIG.exists():
        _stop(Path(CONFIG.read_text().partition("\n")[0].removeprefix(MARK)))


def _start(folder: Path) -> None:
    host = socket.gethostname().partition(".")[0]
    content = SLURM_CONF.format(host=host, folder=folder, ports=_free_ports(2))
    ETC.mkdir(exist_ok=True)
    for name, text in {"slurm.conf": content, **OTHER_FILES}.items():
        (ETC / name).write_text(f"{MARK}{folder}\n{text}")
    folder.chmod(0o755)  # munge's clients must get at its socket
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munged.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    munge = ("key-file", "socket", "seed-file", "pid-file", "log-file")
    call("munged", *(f"--{name}={folder}/munged.{name.partition('-')[0]}" for name in munge))
    call("slurmctld", "-c", "-i", "-L", folder / "slurmctld.log")
    start_node(folder)


def start_node(folder: Path) -> None:
    """Start slurmd, and wait until the node takes jobs."""
    call("slurmd", "-L", folder / "slurmd.log")
    if not _wait(lambda: "idle" in call("sinfo", "--noheader", "--format=%T"), 30):
        logs = "".join(path.read_text()[-3000:] for path in folder.glob("*.log"))
        raise RuntimeError(f"Slurm's node is not idle after 30 s: {call('sinfo', '-R')}\n{logs}")


def kill_node(folder: Path) -> None:
    """End slurmd and all that it started at once, as when a node loses its power."""
    daemon = psutil.Process(int((folder / "slurmd.pid").read_text()))
    jobs = [p for p in psutil.process_iter(["name"]) if p.info["name"] == "slurmstepd"]
    dying = [daemon, *jobs, *(child for job in jobs for child in job.children(recursive=True))]
    for process in dying:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(dying, timeout=10)
    # what slurmctld does by itself after SlurmdTimeout, 300 s
    node = call("sinfo", "--noheader", "--Node", "--format=%N").strip()
    call("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=died")


@contextmanager
def cluster() -> Iterator[Path]:
    """Run a Slurm for the block, which gets the folder of its daemons.

    Waits for that of other tests on this machine to end.
    """
    with Path(tempfile.gettempdir(), "potstill-slurm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        clear_earlier()
        folder = Path(tempfile.mkdtemp(prefix="potstill-slurm-"))
        try:
            _start(folder)
            yield folder
        finally:
            _stop(folder)
