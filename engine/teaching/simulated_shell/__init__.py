"""A shell that only exists in memory: files, environments and a git repository to practise commands on.

Nothing that is typed is ever run: a line is taken apart, and Python functions change a few dictionaries. A
`CommandDrill` starts from such a shell and checks in the end what state it is in.
"""

from descend.engine.teaching.simulated_shell.environments import Environments
from descend.engine.teaching.simulated_shell.repository import Commit, Repository
from descend.engine.teaching.simulated_shell.shell import CommandError, SimulatedShell

__all__ = ["CommandError", "Commit", "Environments", "Repository", "SimulatedShell"]
