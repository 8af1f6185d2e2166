"""Programs that start a command several times over for one job: torchrun, srun, mpirun.

descend is started once and starts its processes itself; what a launcher, or an earlier one, has left in the environment
means nothing to them.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from pathlib import PurePath

from descend.engine.base.errors import DescendError, UsageError

TEAM = "descend"
"""The id of a job whose processes descend has started itself."""
LEFT = re.compile(
    r"(RANK|WORLD_SIZE|(LOCAL|GROUP|ROLE)_(RANK|WORLD_SIZE|NAME)|MASTER_(ADDR|PORT)|TORCHELASTIC_\w+|PET_\w+)"
)
"""Variables by which torch.distributed and torchrun tell a process its part."""
AGENTS = {
    "torchrun": {"torchrun", "torch.distributed.run", "torch.distributed.launch", "accelerate", "deepspeed"},
    "mpirun": {"mpirun", "mpiexec", "mpiexec.hydra", "hydra_pmi_proxy", "orterun", "orted", "prterun", "prted"},
}
LOOPBACK = "127.0.0.1"


def drop_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` without what would make a process one of several."""
    return {name: value for name, value in environment.items() if not LEFT.fullmatch(name)}


def find_rank() -> tuple[int, int]:
    """This process's number and how many there are, if descend started it as one of several; else 0 of 1."""
    if os.environ.get("TORCHELASTIC_RUN_ID") != TEAM:
        return 0, 1
    return read_number("RANK"), read_number("WORLD_SIZE", 1)


def read_number(variable: str, default: int = 0) -> int:
    """The whole number that an environment ``variable`` holds."""
    text = os.environ.get(variable, "")
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else default


def require_one() -> None:
    """Raises UsageError if a launcher that is still there has started this command several times over."""
    if (tasks := read_number("SLURM_STEP_NUM_TASKS", read_number("SLURM_NTASKS", 1))) > 1 and (
        "SLURM_STEP_ID" in os.environ or read_number("SLURM_PROCID")  # a batch script of several tasks is itself one
    ):
        refuse_launcher("srun", tasks, "srun --ntasks=1 descend")
    for launcher, size in (("torchrun", "WORLD_SIZE"), ("mpirun", "OMPI_COMM_WORLD_SIZE"), ("mpirun", "PMI_SIZE")):
        if (count := read_number(size)) > 1 and is_started_by(launcher):
            refuse_launcher(launcher, count, "descend")


def refuse_launcher(launcher: str, count: int, command: str) -> None:
    """Say how to start it."""
    raise UsageError(
        f"{launcher} has started this command {count} times, and each would be a run of its own; start it once, as "
        f"`{command} run … --devices {count}`, and descend starts the {count} processes of one run itself."
    )


def is_started_by(launcher: str) -> bool:
    """Whether a process above this one is ``launcher``."""
    import psutil

    try:
        above = psutil.Process().parents()
    except psutil.Error:
        return False
    for process in above:
        try:
            words = {PurePath(word).name for word in process.cmdline()[:4]}
        except psutil.Error:
            continue
        if words & AGENTS[launcher]:
            return True
    return False


def require_loopback() -> None:
    """Raises DescendError if processes of this machine cannot reach one another."""
    try:
        with socket.create_server((LOOPBACK, 0)) as server, socket.create_connection(server.getsockname(), 5):
            return
    except OSError as error:
        raise DescendError(
            f"Processes that train together reach one another at {LOOPBACK}, which does not work here "
            f"({error.strerror or error}); bring that interface up (`ip link set lo up`), or leave out --devices."
        ) from None


def find_loopback() -> dict[str, str]:
    """What makes gloo keep to the loopback interface instead of looking up the machine's own name."""
    import psutil

    found = [
        name for name, ends in psutil.net_if_addrs().items() if any(address.address == LOOPBACK for address in ends)
    ]
    return {"GLOO_SOCKET_IFNAME": found[0]} if found else {}
