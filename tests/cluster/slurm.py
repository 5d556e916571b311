"""A real SLURM of one node on loopback, for the time of a test.

Everything lies in one folder: key, sockets, configuration, state. Nothing of the system
is used or changed besides the installed programs (Debian: slurmctld, slurmd,
slurm-client, munge). It needs root, as slurmd does to start jobs.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("munged", "mungekey", "slurmctld", "slurmd", "sbatch", "squeue", "srun")
WAIT_S = 60.0
"""Longest wait for a daemon."""
CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthInfo=socket={folder}/munge/socket
SlurmUser=root
SlurmdUser=root
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory_mb}
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
SRUN = """\
#!/bin/sh
# Snakemake takes SLURM_* out of the environment of the inner srun
SLURM_CONF={conf} exec {srun} "$@"
"""


def find_program(name: str) -> str | None:
    """Return the path of a program, also where only root looks."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def missing() -> str | None:
    """Return why no SLURM can be started here, or nothing."""
    lacking = [name for name in PROGRAMS if find_program(name) is None]
    if lacking:
        return f"{', '.join(lacking)} not installed"
    return None if os.geteuid() == 0 else "slurmd needs root to start jobs"


class Slurm:
    """The daemons; as a context they run, and end with it with all their jobs."""

    def __init__(self, folder: Path) -> None:
        """Write key and configuration; nothing runs yet."""
        self.folder = folder
        self._daemons: list[subprocess.Popen[bytes]] = []
        for name in ("munge", "state", "spool", "bin"):
            (folder / name).mkdir(parents=True, mode=0o700)
        (folder / "munge").chmod(0o755)  # munged wants its socket reachable for all
        host = socket.gethostname().partition(".")[0]
        controller, node = free_ports(2)
        parts = {"host": host, "folder": folder, "cores": os.cpu_count() or 1}
        ports = {"controller": controller, "node": node, "memory_mb": memory_mb()}
        self._conf = folder / "slurm.conf"
        self._conf.write_text(CONF.format(**parts, **ports))
        wrapper = folder / "bin/srun"
        wrapper.write_text(SRUN.format(conf=self._conf, srun=find_program("srun")))
        wrapper.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment in which SLURM's commands find this one."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return os.environ | {"SLURM_CONF": str(self._conf), "PATH": path}

    def __enter__(self) -> "Slurm":
        """Start the daemons; return when the node takes jobs.

        Raises:
            TimeoutError: One of them does not come up; its log is in the message.
        """
        try:
            self._start_munge()
            self._start("slurmctld", "-D", "-c", "-f", str(self._conf))
            self._start("slurmd", "-D", "-f", str(self._conf))
            self._wait(lambda: "idle" in self.run("sinfo", "-h", "-o", "%T"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End all jobs, then the daemons."""
        if self._daemons:
            self.run("scancel", "--user=root", "--signal=KILL", "--full")
            self.run("scancel", "--user=root")
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for daemon in reversed(self._daemons):
            daemon.wait(WAIT_S)
        self._daemons.clear()

    def run(self, *command: str) -> str:
        """Return what one of SLURM's commands prints."""
        done = subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
        return done.stdout

    def jobs(self) -> list[str]:
        """Return the state, cores, memory and time limit of each job in the queue."""
        return self.run("squeue", "-h", "-o", "%T %C %m %l").splitlines()

    def _start_munge(self) -> None:
        munge = self.folder / "munge"
        key, sockets = munge / "key", munge / "socket"
        subprocess.run([str(find_program("mungekey")), "-c", "-k", key], check=True)
        names = ("pid", "log", "seed")
        files = [f"--{name}-file={munge / name}" for name in names]
        self._start(
            "munged",
            "--foreground",
            "--force",
            f"--key-file={key}",
            f"--socket={sockets}",
            *files,
        )
        self._wait(sockets.exists)

    def _start(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.out").open("wb") as log:
            daemon = subprocess.Popen(
                [str(find_program(name)), *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._daemons.append(daemon)

    def _wait(self, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + WAIT_S
        while not ready():
            ended = [d.args for d in self._daemons if d.poll() is not None]
            if ended or time.monotonic() > end:
                logs = [p.read_text() for p in sorted(self.folder.glob("*.out"))]
                raise TimeoutError(f"SLURM does not start: {ended}\n" + "\n".join(logs))
            time.sleep(0.1)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def memory_mb() -> int:
    """Return most of the machine's memory."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return pages // 10**6 * 8 // 10
