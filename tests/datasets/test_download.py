"""Downloads from a real server on this machine that breaks off, lies and stalls."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from descend.datasets import download as module
from descend.datasets.download import download
from descend.engine.base.errors import DescendError
from tests.datasets.server import Page, Site

BODY = random.Random(0).randbytes(300_000)
HALF = len(BODY) // 2
MD5 = hashlib.md5(BODY).hexdigest()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "raw").mkdir()
    return tmp_path / "raw" / "file.gz"


def part_of(target: Path) -> Path:
    return target.with_name("file.gz.part")


def fetch(target: Path, *urls: str) -> list[tuple[int, int | None]]:
    """Download and return what ``progress`` was told."""
    told: list[tuple[int, int | None]] = []
    download(urls, target, MD5, lambda done, total: told.append((done, total)))
    assert target.read_bytes() == BODY
    assert os.listdir(target.parent) == [target.name]
    return told


def refused(target: Path, *urls: str) -> str:
    """The sentence with which the download fails; nothing but the beginning is left behind."""
    before = target.read_bytes() if target.exists() else None
    with pytest.raises(DescendError) as raised:
        download(urls, target, MD5, lambda done, total: None)
    assert (target.read_bytes() if target.exists() else None) == before
    message = str(raised.value)
    assert message.endswith(".")
    assert message.isprintable()
    return message


def test_a_file_arrives_and_progress_is_told(site: Site, target: Path) -> None:
    told = fetch(target, site.put("a", Page(BODY)))
    assert told[0] == (0, len(BODY))
    assert told[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert site.requests == [("/a", None)]


def test_an_older_file_is_replaced(site: Site, target: Path) -> None:
    target.write_bytes(b"old")
    fetch(target, site.put("a", Page(BODY)))


def test_a_length_kept_secret_is_unknown(site: Site, target: Path) -> None:
    told = fetch(target, site.put("a", Page(BODY, chunked=True)))
    assert told[0] == (0, None)
    assert told[-1] == (len(BODY), len(BODY))


@pytest.mark.parametrize("size", [1, 1000, len(BODY) - 1])
def test_it_resumes_where_it_stopped(size: int, site: Site, target: Path) -> None:
    part_of(target).write_bytes(BODY[:size])
    told = fetch(target, site.put("a", Page(BODY)))
    assert told[0] == (size, len(BODY))
    assert site.requests == [("/a", f"bytes={size}-")]


def test_a_server_without_ranges_starts_again(site: Site, target: Path) -> None:
    part_of(target).write_bytes(BODY[:1000])
    assert fetch(target, site.put("a", Page(BODY, ranges=False)))[0] == (0, len(BODY))
    assert len(site.requests) == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_broken_connection_keeps_what_arrived(chunked: bool, site: Site, target: Path) -> None:
    url = site.put("a", Page(BODY, cut=HALF, chunked=chunked))
    assert "broke off after 150,000 " in refused(target, url)
    assert part_of(target).read_bytes() == BODY[:HALF]
    site.put("a", Page(BODY))
    fetch(target, url)
    assert site.requests[-1] == ("/a", f"bytes={HALF}-")


def test_the_next_mirror_resumes_where_the_first_broke_off(site: Site, target: Path) -> None:
    fetch(target, site.put("a", Page(BODY, cut=HALF)), site.put("b", Page(BODY)))
    assert site.requests == [("/a", None), ("/b", f"bytes={HALF}-")]


def test_the_next_mirror_is_asked_when_the_first_has_not_got_it(site: Site, target: Path) -> None:
    fetch(target, site.url + "gone", site.put("b", Page(BODY)))
    assert [path for path, _ in site.requests] == ["/gone", "/b"]


@pytest.mark.parametrize("older", [b"", b"old"])
def test_a_wrong_file_is_not_kept(older: bytes, site: Site, target: Path) -> None:
    if older:
        target.write_bytes(older)
    message = refused(target, site.put("a", Page(BODY[::-1])), site.url + "gone")
    assert "wrong checksum, and " in message
    assert "answered HTTP 404" in message
    assert not part_of(target).exists()


def test_a_beginning_of_another_file_is_dropped(site: Site, target: Path) -> None:
    part_of(target).write_bytes(b"x" * 1000)
    fetch(target, site.put("a", Page(BODY)))
    assert site.requests == [("/a", "bytes=1000-"), ("/a", None)]


@pytest.mark.parametrize("extra", [0, 10])
def test_a_beginning_as_long_as_the_file_but_wrong_is_dropped(extra: int, site: Site, target: Path) -> None:
    part_of(target).write_bytes(b"x" * (len(BODY) + extra))
    fetch(target, site.put("a", Page(BODY)))


def test_a_whole_part_needs_no_network(target: Path) -> None:
    part_of(target).write_bytes(BODY)
    assert fetch(target) == [(len(BODY), len(BODY))]


def test_a_different_part_from_the_one_asked_for_is_refused(site: Site, target: Path) -> None:
    part_of(target).write_bytes(BODY[:1000])
    assert "a different part from the one requested" in refused(target, site.put("a", Page(BODY, shift=5)))
    assert part_of(target).read_bytes() == BODY[:1000]


def test_nobody_there(site: Site, target: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        message = refused(target, f"http://127.0.0.1:{closed.getsockname()[1]}/a")
    assert "Connection refused" in message
    assert "check the network" in message
    assert os.listdir(target.parent) == []


@pytest.mark.parametrize("raw", [b"\x1b[31mred\r\n\r\n", b"HTTP/1.1 500 \x1b]0;title\x07\r\n\r\n", b"x" * 70_000])
def test_a_server_that_speaks_something_else(raw: bytes, site: Site, target: Path) -> None:
    assert len(refused(target, site.put("a", Page(BODY, raw=raw)))) < 400


def test_a_silent_server_is_given_up(site: Site, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE", 0.2)
    hold = threading.Event()
    try:
        message = refused(target, site.put("a", Page(BODY, hold=hold)))
    finally:
        hold.set()
    assert "broke off after 150,000 bytes (silent for" in message
    assert part_of(target).read_bytes() == BODY[:HALF]


def test_a_missing_folder_is_a_sentence(site: Site, tmp_path: Path) -> None:
    assert "set DESCEND_DATA" in refused(tmp_path / "none" / "file.gz", site.put("a", Page(BODY)))


def test_a_disk_that_takes_no_more_is_a_sentence(site: Site, target: Path) -> None:
    url = site.put("a", Page(BODY))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        message = refused(target, url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot be stored (File too large)" in message
    fetch(target, url)
    assert site.requests[-1] == ("/a", "bytes=200000-")


def test_control_c_keeps_what_arrived(site: Site, target: Path) -> None:
    def interrupt(done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    url = site.put("a", Page(BODY))
    with pytest.raises(KeyboardInterrupt):
        download([url], target, MD5, interrupt)
    kept = part_of(target).read_bytes()
    assert kept
    assert BODY.startswith(kept)
    fetch(target, url)
    assert site.requests[-1] == ("/a", f"bytes={len(kept)}-")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_one_process_at_a_time_and_a_killed_one_costs_nothing(site: Site, target: Path) -> None:
    hold = threading.Event()
    url = site.put("a", Page(BODY, hold=hold))
    program = (
        "import sys; from pathlib import Path; from descend.datasets.download import download\n"
        "download([sys.argv[1]], Path(sys.argv[2]), sys.argv[3], lambda done, total: None)"
    )
    other = subprocess.Popen([sys.executable, "-c", program, url, str(target), MD5])
    try:
        until(lambda: part_of(target).exists() and part_of(target).stat().st_size == HALF)
        assert "by another process" in refused(target, url)
        other.send_signal(signal.SIGKILL)
        other.wait(60)
        hold.set()
        fetch(target, url)
        assert site.requests[-1] == ("/a", f"bytes={HALF}-")
    finally:
        hold.set()
        other.kill()
        other.wait(60)


def test_a_part_completed_by_another_before_it_was_locked_is_left_alone(
    site: Site, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part_of(target).write_bytes(BODY)
    first = target.with_name("first")
    lock = fcntl.flock

    def late(file: int, operation: int) -> None:
        if not first.exists():
            os.replace(part_of(target), target)
            os.link(target, first)
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    download([site.put("a", Page(BODY))], target, MD5, lambda done, total: None)
    assert first.read_bytes() == target.read_bytes() == BODY
    assert not os.path.samefile(first, target)
    assert sorted(os.listdir(target.parent)) == ["file.gz", "first"]


def test_a_folder_that_cannot_lock_is_a_sentence(site: Site, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unlockable(file: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unlockable)
    assert "No locks available" in refused(target, site.put("a", Page(BODY)))
