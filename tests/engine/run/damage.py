"""Ways to damage a run folder: by field, by byte, by line and by the kind of its files."""

from __future__ import annotations

import json
import os
import random
import socket
import stat
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

TEXTS = ("run.json", "events.jsonl", "control.jsonl", "worker.json", "worker.log")
FILES = (*TEXTS, "checkpoints", "worker.lock", "launch.json")
MARK = "@damaged@"


def damage(folder: Path, outside: Path, chance: random.Random) -> list[str]:
    """Damage the run in ``folder`` in one to three ways, some of which lead to ``outside``; returns what was done."""
    done = []
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        how = chance.choice([by_field, by_field, by_field, by_field, by_byte, by_line, by_kind, by_kind])
        with suppress(OSError):  # there is nothing of that kind left
            done.append(f"{how.__name__} {how(folder, outside, chance)}")
    if chance.random() < 0.05:
        done.append(f"hard link {twin(folder, outside, chance)}")
    if chance.random() < 0.01:
        done.append(f"folders {deep(folder, chance.choice([900, 1500]))} deep")
    if chance.random() < 0.04:
        done.append(f"whole folder {whole(folder, outside, chance)}")
    return done


def regular(folder: Path, names: tuple[str, ...], chance: random.Random) -> Path:
    """One of the files of those ``names`` that is still a small file."""
    there = [folder / name for name in names if stat.S_ISREG(_mode(folder / name))]
    there = [file for file in there if file.stat().st_size < 1 << 24]
    if not there:
        raise FileNotFoundError
    return chance.choice(there)


def _mode(file: Path) -> int:
    try:
        return file.lstat().st_mode
    except OSError:
        return 0


def values(outside: Path) -> list[bytes]:
    """JSON, or nearly, to stand where something else is expected."""
    numbers = [
        *(str(2**power + more) for power in (31, 32, 53, 63, 64) for more in (-1, 0, 1)),
        "0", "-1", "-9223372036854775809", "1" * 400, "1" * 5000, "1e308", "-1e308", "1e999", "5e-324", "NaN",
        "Infinity", "-0.0", "0.5", "1E5", "007", "253402300800", "1e15",
    ]  # fmt: skip
    words = [
        "", " ", "x" * 300, "x" * 100_000, "~nosuchuser/x.py:Net", "~/x.py:Net", "x.py", ":", "?", "a=b", "digits",
        "mlp", "nan", "1e400", "\x00", "\x1b[31m\x1b]0;title\x07", "\u202eabc", "\ud800", "𝟙", "²²", "../../outside",
        "/", "/dev/zero", "/dev/zero.py:Net", "9999-12-31T23:59:59-2300", "0001-01-01T00:00:00+2300", "2026-13-01",
        "2026-01-01T00:00:00", "[bold]", "done", "failed", "paused", "scalars", "status", "header", "cuda:99", "mps",
        "f8", "u1", "i8", "f4", "AAAA", "////", "AAAAAAAA8H8=", "not base64!", "test/accuracy",
        str(outside / "model.py") + ":Net", str(outside / "file"), f"{'a' * 260}.py:Net", "a\0b.py:Net", "a/" * 3000,
    ]  # fmt: skip
    nested = ["null", "true", "false", "[]", "{}", "[1,2]", '{"a":1}', "[null]", "[[[]]]", '["f8",[1],"AAAAAAAA8H8="]']
    nested += ['["i8",[1],"/////////38="]', '["f4",[-1],""]', '["f4",[0,99999999],""]', '["f4",[16777216,0],""]']
    nested += ['["u1",[2,2],"AAAA"]', "[" * 100_000, "[" * 3000 + "]" * 3000, '{"a":' * 3000 + "1" + "}" * 3000]
    raw = [text.encode("utf-8", "surrogatepass") for text in (*numbers, *nested)]
    raw += [json.dumps(word).encode() for word in words]
    return [*raw, b'"\xff\xfe"', b'"\xed\xa0\x80"', b"", b'"', b"\x00"]


def by_field(folder: Path, outside: Path, chance: random.Random) -> str:
    """Put something else in place of a field of a record, take it away, or add one."""
    file = regular(
        folder, ("run.json", "run.json", "events.jsonl", "events.jsonl", "control.jsonl", "worker.json"), chance
    )
    lines = file.read_bytes().split(b"\n") if file.suffix == ".jsonl" else [file.read_bytes()]
    places = [place for place, line in enumerate(lines) if line.strip()]
    if not places:
        raise FileNotFoundError
    place = places[-1] if chance.random() < 0.3 else chance.choice(places)
    try:
        record = json.loads(lines[place])
    except (ValueError, RecursionError):
        raise FileNotFoundError from None
    found, value = list(slots(record)), chance.choice(values(outside))
    if not found or chance.random() < 0.1:
        if isinstance(record, dict):
            record[chance.choice(["unknown", "title", "parent", "message", "metrics"])] = MARK
        where = "added"
    else:
        holder, key = chance.choice(found)
        where = str(key)
        if chance.random() < 0.6:
            value = chance.choice([text for text in values(outside) if alike(text, holder[key])])
        if chance.random() < 0.1:
            del holder[key]
        elif chance.random() < 0.1 and isinstance(holder, dict):
            holder[chance.choice(["", "\x1b[2J", "x" * 300, "\x00", "a/b", "[red]"])] = holder.pop(key)
        else:
            holder[key] = MARK
    lines[place] = json.dumps(record).encode().replace(json.dumps(MARK).encode(), value)
    file.write_bytes(b"\n".join(lines))
    return f"{file.name}:{place} {where} = {value[:40]!r}"


def alike(text: bytes, value: Any) -> bool:
    """Whether the JSON ``text`` is of the kind of ``value``, by its first byte."""
    return text[:1] in {str: b'"', list: b"[", dict: b"{"}.get(type(value), b"-0123456789NI") and text[:1] not in (
        b"",
        b"\0",
    )


def slots(value: Any) -> Any:
    """All places in a record: the holder and the key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from slots(inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value[:50]):
            yield value, place
            yield from slots(inner)


def by_byte(folder: Path, outside: Path, chance: random.Random) -> str:
    """Change, insert, remove or cut bytes."""
    file = regular(folder, TEXTS, chance)
    text = bytearray(file.read_bytes())
    for _ in range(chance.choice([1, 1, 2, 8, 40])):
        place = chance.randrange(len(text) + 1)
        match chance.randrange(5):
            case 0:
                text[place : place + 1] = chance.randbytes(1)
            case 1:
                text[place:place] = chance.randbytes(chance.randrange(20))
            case 2:
                del text[place : place + chance.randrange(40)]
            case 3:
                text[place : place + 1] = chance.choice(
                    [b"\xff", b"\0", b"\n", b"\r", b'"', b"{", b"}", b"9", b"-", b"e"]
                )
            case 4:
                if place < len(text):
                    text[place] ^= 1 << chance.randrange(8)
    if chance.random() < 0.1:
        del text[chance.randrange(len(text) + 1) :]
    file.write_bytes(text)
    return file.name


def by_line(folder: Path, outside: Path, chance: random.Random) -> str:
    """Drop, repeat, swap, join or add lines."""
    file = regular(folder, ("events.jsonl", "events.jsonl", "control.jsonl", "worker.log"), chance)
    lines = file.read_bytes().splitlines(keepends=True)
    if not lines:
        raise FileNotFoundError
    place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    what = chance.choice(
        ["drop", "repeat", "swap", "join", "crlf", "garbage", "long", "many", "values", "torn", "bom", "cut"]
    )
    match what:
        case "drop":
            del lines[place]
        case "repeat":
            lines.insert(place, lines[other])
        case "swap":
            lines[place], lines[other] = lines[other], lines[place]
        case "join":
            lines[place] = lines[place].rstrip(b"\n")
        case "crlf":
            lines = [line.replace(b"\n", b"\r\n") for line in lines]
        case "garbage":
            lines.insert(place, chance.randbytes(chance.randrange(1000)) + b"\n")
        case "long":
            lines.insert(place, b"x" * chance.choice([10**4, 10**6, 3 * 10**6]) + b"\n" * chance.randrange(2))
        case "many":
            lines.insert(place, (b"nothing" * 60 + b"\n") * 4000)
        case "values":
            lines.insert(place, chance.choice(values(outside)) + b"\n")
        case "torn":
            lines[-1] = lines[-1][: chance.randrange(len(lines[-1]))]
        case "bom":
            lines[0] = b"\xef\xbb\xbf" + lines[0]
        case "cut":
            del lines[place:]
    file.write_bytes(b"".join(lines))
    return f"{file.name} {what}"


def by_kind(folder: Path, outside: Path, chance: random.Random) -> str:
    """Put something of another kind in the place of a file."""
    if chance.random() < 0.3:
        return by_checkpoint(folder, outside, chance)
    file = folder / chance.choice([*FILES, *FILES, f".run.json.{os.getpid()}.new", "unknown"])
    kind = chance.choice(list(KINDS))
    target = outside / (
        "run/checkpoints" if file.name == "checkpoints" else chance.choice(["file", f"run/{file.name}"])
    )
    _clear(file)
    KINDS[kind](file, target)
    return f"{file.name} {kind}"


def by_checkpoint(folder: Path, outside: Path, chance: random.Random) -> str:
    """Put something strange among the checkpoints."""
    place = folder / "checkpoints"
    name = chance.choice(
        ["²².pt", "0000000040.pt", "40.pt", f"{2**63:010d}.pt", "9" * 30 + ".pt", "-1.pt", ".pt", "x.pt"]
    )
    file, kind = place / name, chance.choice(list(KINDS))
    if not stat.S_ISDIR(_mode(place)):
        raise FileNotFoundError
    _clear(file)
    KINDS[kind](file, outside / "run" / "checkpoints" / "0000000040.pt")
    return f"checkpoints/{name} {kind}"


def twin(folder: Path, outside: Path, chance: random.Random) -> str:
    """Give a file outside a second name in the run; only once nothing else is written here by these functions."""
    name = chance.choice(
        [*TEXTS, "worker.lock", "launch.json", "checkpoints/0000000040.pt", "checkpoints/0000000060.new"]
    )
    with suppress(OSError):  # there is no such folder any more, or a folder is in its place
        (folder / name).unlink(missing_ok=True)
        os.link(outside / "file", folder / name)
    return name


def deep(folder: Path, count: int) -> int:
    """Make ``count`` folders in ``folder``, one within the other; returns how many."""
    with suppress(OSError):  # which is no folder any more
        here = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        for _ in range(count):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(here)
    return count


def whole(folder: Path, outside: Path, chance: random.Random) -> str:
    """Put something else in the place of the run's folder."""
    kind = chance.choice(["link", "dangling", "loop", "far", "fifo", "empty", "missing"])
    folder.rename(folder.with_name(".aside"))
    KINDS[kind](folder, outside / "run")
    return kind


def _clear(file: Path) -> None:
    if stat.S_ISDIR(_mode(file)):
        file.rename(file.with_name(f"{file.name}.aside"))
    else:
        file.unlink(missing_ok=True)


def _socket(file: Path, target: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(file.parent)  # the address is short
        try:
            made.bind(file.name)
        finally:
            os.chdir(here)


def _device(file: Path, target: Path) -> None:
    try:
        os.mknod(file, stat.S_IFCHR | 0o600, os.makedev(1, 5))
    except OSError:
        file.symlink_to("/dev/zero")


def _sparse(file: Path, target: Path) -> None:
    with open(file, "wb") as made:
        made.truncate(1 << 36)


def _grown(file: Path, target: Path) -> None:
    file.write_bytes(target.read_bytes() if target.is_file() else b"{}\n")
    os.truncate(file, 1 << 35)


def _zip(file: Path, target: Path) -> None:
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("archive/data.pkl", b"\x80\x02.")


def _closed(file: Path, target: Path) -> None:
    file.write_bytes(b"{}\n")
    file.chmod(0)


KINDS: dict[str, Callable[[Path, Path], Any]] = {
    "fifo": lambda file, target: os.mkfifo(file),
    "link": lambda file, target: file.symlink_to(target),
    "dangling": lambda file, target: file.symlink_to(target.with_name("nowhere")),
    "loop": lambda file, target: file.symlink_to(file),
    "far": lambda file, target: file.symlink_to("x" * 300),
    "endless": lambda file, target: file.symlink_to("/dev/zero"),
    "folder": lambda file, target: file.mkdir(),
    "socket": _socket,
    "device": _device,
    "sparse": _sparse,
    "grown": _grown,
    "missing": lambda file, target: None,
    "empty": lambda file, target: file.write_bytes(b""),
    "zip": _zip,
    "closed": _closed,
}
