"""Texts cut into byte pairs: nothing is lost, nothing is unknown, and the test part teaches nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from descend.datasets import catalogue, tokenisers
from descend.datasets.tokenisers import BytePairTokeniser, clean_surrogates, list_bytes, train_byte_pairs
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.cli import main

TEXT = "the cat sat on the mat and\n\nthe dog ran off;  it's   late\n  so they slept. " * 40


@pytest.fixture(scope="module")
def learned() -> BytePairTokeniser:
    return train_byte_pairs([TEXT], 400)


@given(text=st.text(st.characters(), max_size=60))  # halves of characters, too
def test_any_text_comes_back_and_its_characters_are_counted(learned: BytePairTokeniser, text: str) -> None:
    tokens = learned.encode(text).tolist()
    assert learned.decode(tokens) == clean_surrogates(text)
    counts = learned.count_characters()
    assert sum(counts[token] for token in tokens) == len(clean_surrogates(text))


def test_pieces_are_cut_as_the_whole_is(learned: BytePairTokeniser, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = learned.cutter.encode(TEXT).ids
    monkeypatch.setattr(tokenisers, "PIECE", 16)
    assert len(list(tokenisers.cut_pieces(TEXT))) > 20
    assert learned.encode(TEXT).tolist() == whole


def test_bytes_are_those_of_the_package() -> None:
    from tokenizers.pre_tokenizers import ByteLevel

    assert sorted(list_bytes()) == sorted(ByteLevel.alphabet())
    assert ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str("é")[0][0] == "".join(
        list_bytes()[byte] for byte in "é".encode()
    )


def test_the_training_part_alone_is_learned_from(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text(TEXT + "zyxwv" * (len(TEXT) // 50))
    data = catalogue.find(f"{tmp_path / 'book.txt'}?tokens=bpe&vocabulary=300&test=0.1").load()
    assert any("the" in token for token in data.vocabulary)
    assert not any("zy" in token for token in data.vocabulary)
    assert f"no more than {len(data.vocabulary)} kinds" in data.notes[-1]  # it has few pairs
    rows = [f"{'warm day' if at % 2 else 'cold night'},{'up' if at % 2 else 'down'}" for at in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["said,way", *rows]) + "\n")
    table = catalogue.find(f"{tmp_path / 't.csv'}?text=said&tokens=bpe&length=2").load()
    assert table.train_x.shape[1:] == (2,)
    assert table.shape.unit == "token"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("vocabulary=500", "vocabulary= is for tokens=bpe"),
        ("tokens=bpe&vocabulary=10", "from 300 to 100,000"),
        ("tokens=words", "one of characters, bpe"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, options: str, sentence: str) -> None:
    (tmp_path / "book.txt").write_text(TEXT)
    with pytest.raises(UsageError, match=sentence):
        catalogue.find(f"{tmp_path / 'book.txt'}?{options}")
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n3,4\n" * 20)
    with pytest.raises(UsageError, match="name their column with text=COLUMN"):
        catalogue.find(f"{tmp_path / 't.csv'}?tokens=bpe")


def test_without_the_package_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "book.txt").write_text(TEXT)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(DescendError, match=r"pip install 'descend\[text\]'"):
        catalogue.find(f"{tmp_path / 'book.txt'}?tokens=bpe&vocabulary=301")


def test_show_tells_tokens_and_compression(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "book.txt").write_text(TEXT)
    assert main(["data", "show", f"{tmp_path / 'book.txt'}?tokens=bpe"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "unique tokens" in shown
    assert "tokens for training" in shown
    assert "characters a token there" in shown
    assert "' the'" in shown
