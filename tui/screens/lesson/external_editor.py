"""The learner's own editor on a file of their exercise: ``$VISUAL``, else ``$EDITOR``, else one that is there."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from textual.app import App, SuspendNotSupported

from descend.engine.base.errors import DescendError
from descend.engine.base.files import advise, describe_irregular, read_user_text, replace_file
from descend.engine.base.paths import home, make_writable

USUAL = ("nano", "vim", "vi")
LINE = ("nano", "vim", "vi", "nvim", "emacs", "micro", "kak", "joe")
"""Editors that go to a line when given ``+12``."""


class ExternalEditor:
    """One exercise in another editor. The editor may hold the terminal until it is left, or return at once and continue
    in a window of its own: either way the file is looked at for what was saved.

    Attributes:
        file: what the editor opens.
    """

    def __init__(self, lesson: str, number: int) -> None:
        self.file = home() / "exercises" / f"{lesson.replace('-', '_')}_{number + 1}.py"
        self._seen: tuple[int, int] | None = None

    def open(self, app: App[None], text: str, line: int) -> str:
        """Write ``text`` to the file and open the editor on it; return a sentence if it ended badly.

        Raises:
            DescendError: there is no editor, or the file cannot be written.
        """
        command = editor()
        make_writable(self.file.parent, "DESCEND_HOME")
        kept = Path(os.path.realpath(self.file))  # it may be a link to where the learner keeps their code
        if wrong := describe_irregular(kept):
            raise DescendError(f"Cannot write {self.file}: {wrong}; move it away.")
        try:
            replace_file(kept, text.encode())
        except OSError as error:
            way = advise(error, "look at its folder")
            raise DescendError(f"Cannot write {self.file} ({error.strerror}); {way}.") from None
        self._seen = self._stamp()
        if Path(command[0]).name in LINE:
            command = [*command, f"+{line}"]
        try:
            try:
                failed = None
                with app.suspend():
                    try:
                        status = subprocess.run([*command, str(self.file)], check=False).returncode
                    except OSError as error:  # raised in here, it would leave the shell without its terminal
                        failed = error
                if failed is not None:
                    raise failed
            except SuspendNotSupported:
                subprocess.Popen([*command, str(self.file)], start_new_session=True)
                return f"{command[0]} was started; every save is checked here."
        except OSError as error:
            raise DescendError(f"The editor '{command[0]}' cannot be started: {error.strerror}. Set EDITOR.") from None
        if status:
            return f"{command[0]} ended with status {status}; what it saved is here."
        return "" if self._stamp() != self._seen else "Nothing was saved so far; every save is checked here."

    def saved(self) -> str | None:
        """What was saved since the last look; None if nothing was."""
        if self._seen is None:
            return None
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return None
        try:
            text = read_user_text(self.file)
        except (OSError, UnicodeDecodeError):
            return None
        self._seen = stamp
        return text

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self.file.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size


def editor() -> list[str]:
    """The command of the editor.

    Raises:
        DescendError: none is set and none is found.
    """
    for variable in ("VISUAL", "EDITOR"):
        try:
            command = shlex.split(os.environ.get(variable, ""))
        except ValueError:
            raise DescendError(f"{variable} cannot be read as a command; set it to the name of an editor.") from None
        if command:
            if shutil.which(command[0]) is None:
                raise DescendError(f"The editor '{command[0]}' of {variable} was not found; set {variable} to another.")
            return command
    for name in USUAL:
        if shutil.which(name):
            return [name]
    raise DescendError("No editor was found; set EDITOR to one, such as nano.")
