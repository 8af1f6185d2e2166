"""Whatever bytes a terminal sends, and wherever they are cut: in memory, without a shell."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable

import pytest
from textual.events import Key, Paste
from textual.message import Message

from descend.tui import keyboard
from descend.tui.keyboard import END, PASTE, START, Keyboard, Pastes

PIECES = [
    *("\x1b", "\x1b[", "\x1b[<0;1;1M", "\x1b[<64;999999999999;2M", "\x1b[<0;-5;2M", "\x1bO", "\x1b[1;1R", "\x1b[I"),
    *("\x1b[O", "\x1b[99999999999999u", "\x1b[1114112;1u", "\x1b[55296;1u", "\x1b[1:2;1u", "\x1b[97;5u", "\x1b[;;u"),
    *("\x1b[97;1;55296u", "\x1b[48;0;0;0;0t", "\x1b[48;99999;99999;1;1t", "\x1b[48;24;80;480;800t", "\x1b[?2026;2$y"),
    *("\x1b[?2048;1$y", "\x1b[M\x00\x00\x00", "\x1b]52;c;aGk=\x07", "\x1bP+q544e\x1b\\", "\x9b31m", "\udc9b", "é"),
    *("日", "😀", "\x00", "\x7f", "q", "\r", START, END, START + "text", "\x1b[200", "\x1b[20", "1~"),
]


def typed(messages: Iterable[Message]) -> str:
    return "".join(message.character or "" for message in messages if isinstance(message, Key))


def pasted(messages: Iterable[Message]) -> str:
    return "".join(message.text for message in messages if isinstance(message, Paste))


@pytest.mark.parametrize("seed", range(6))
def test_no_bytes_are_too_much_for_it(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(keyboard, "SILENCE", 0.0)
    reader = Keyboard()
    for _ in range(300):
        noise = chance.randbytes(chance.randrange(40))
        data = noise + "".join(chance.choices(PIECES, k=6)).encode("utf-8", "surrogatepass")
        while data:
            cut = chance.randrange(1, 12)
            reader.feed(data[:cut])
            data = data[cut:]
        if chance.random() < 0.1:
            reader.tick()
    reader.feed(b"\x1b\x1b")
    time.sleep(0.15)
    reader.tick()  # what was begun is over
    reader.tick()
    assert typed(reader.feed(b"fine")).endswith("fine")


@pytest.mark.parametrize("cut", range(1, 9))
def test_text_that_is_not_utf_8_costs_itself_only(cut: int) -> None:
    reader, data = Keyboard(), b"caf\xe9 \xc3\xa9t\xc3 \xff\xfe!"
    heard = [message for start in range(0, len(data), cut) for message in reader.feed(data[start : start + cut])]
    assert typed(heard) == "caf� ét� ��!"


def test_a_key_that_is_no_character_is_dropped_and_the_next_one_comes() -> None:
    reader = Keyboard()
    for sequence in ("\x1b[99999999999;1u", "\x1b[97;1;55296u", "\x1b[48;0;0;0;0t", "\x1b[<0;99999999999999;1M"):
        reader.feed(sequence.encode())
        assert typed(reader.feed(b"ok")) == "ok", sequence


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 7, 4096, 1 << 20])
def test_a_paste_is_taken_whole_and_its_escapes_are_not_keys(cut: int) -> None:
    reader = Keyboard()
    text = "one\ntwo\t日本 \x1b[31mred\x1b[0m \x1b]0;title\x07 \x9bq \x1b[20 \x1b[201 end"
    data = f"a{START}{text}{END}b".encode()
    heard = [message for start in range(0, len(data), cut) for message in reader.feed(data[start : start + cut])]
    assert typed(heard) == "ab"
    assert pasted(heard) == "one\ntwo\t日本 [31mred[0m ]0;title q [20 [201 end"


@pytest.mark.parametrize("cut", [3, 4096])
def test_a_long_paste_is_cut_at_once(cut: int) -> None:
    reader, began = Keyboard(), time.process_time()
    data = f"{START}{'x' * (PASTE + 5)}{'q' * (1 << 20 if cut > 3 else 9)}{END}z".encode()
    heard = [message for start in range(0, len(data), cut) for message in reader.feed(data[start : start + cut])]
    assert (pasted(heard), typed(heard)) == ("x" * PASTE, "z")
    assert time.process_time() - began < 5


def test_a_paste_that_never_ends_is_over_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Keyboard()
    assert not reader.feed(f"{START}lost".encode())
    assert not reader.tick()
    monkeypatch.setattr(keyboard, "SILENCE", 0.1)
    for _ in range(5):  # someone who types does not prolong it
        time.sleep(0.03)
        assert not reader.feed(b"q")
    assert pasted(reader.tick()) == "lostqqqqq"
    assert typed(reader.feed(b"q")) == "q"


def test_an_escape_and_then_what_a_paste_begins_with_is_no_paste() -> None:
    pastes = Pastes(3)
    assert pastes.cut("\x1b") == "\x1b"
    pastes.tick()
    assert pastes.cut("[200~abcdef") == "[200~abcdef"
    assert pastes.cut("\x1b[200") + pastes.cut("~abcdef") == "\x1b[200~abc"


def test_much_text_at_once_is_a_paste_also_without_marks() -> None:
    reader = Keyboard()
    assert typed(reader.feed(b"j" * 150)) == "j" * 150
    assert pasted(reader.feed(b"q" * 4096)) == "q" * 4096
    assert pasted(reader.feed(b"qq")) == "qq"  # the rest of it
    time.sleep(0.1)
    assert typed(reader.feed(b"q")) == "q"
    parts = f"{START}ab".encode(), b"c" * 4096, END.encode()
    assert [pasted(reader.feed(part)) for part in parts] == ["", "", "ab" + "c" * 4096]
