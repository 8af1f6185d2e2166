"""``descend predict`` of a language model: how each line of a text goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    from descend.engine.cli.predict import Writer
    from descend.engine.run.runs import Run
    from descend.engine.train.predictor import Restored

LONGEST = 100_000


@dataclass(frozen=True)
class Drawing:
    """How a text is continued: by so many characters or tokens, drawn by their probabilities to the power of 1 /
    ``temperature``, at 0 the likeliest; and the seed of that."""

    length: int = 200
    temperature: float = 1.0
    seed: int = 0


def read_drawing(given: dict[str, Any]) -> Drawing:
    """What is ``given`` of a `Drawing`, None where an option is not.

    Raises:
        UsageError: a number is out of range.
    """
    drawing = Drawing(**{name: value for name, value in given.items() if value is not None})
    if not 1 <= drawing.length <= LONGEST:
        raise UsageError(f"--length is from 1 to {LONGEST:,}, not {drawing.length:,}.")
    if not 0 <= drawing.temperature <= 100:
        raise UsageError(f"--temperature is from 0 to 100, not {drawing.temperature:g}.")
    if not 0 <= drawing.seed < 2**32:
        raise UsageError(f"--seed is from 0 to {2**32 - 1:,}, not {drawing.seed:,}.")
    return drawing


def continue_lines(run: Run, restored: Restored, data: str, drawing: Drawing, writer: Writer) -> tuple[int, list[str]]:
    """Write each line of the text ``data`` with how it goes on; their number, and what to say of them.

    Raises:
        DescendError: it cannot be read, or the model takes no such text.
    """
    import torch

    from descend.datasets.new_address import split_new_text
    from descend.datasets.new_texts import cut_text, tell_unseen
    from descend.engine.cli.predict import open_source, require_file
    from descend.engine.train.evaluation import draw_tokens
    from descend.engine.train.task import LanguageModelling

    assert isinstance(restored.objective, LanguageModelling)
    tokeniser, context = restored.prepared.tokeniser, int(run.manifest().knobs["context"])
    chance, unseen = torch.Generator().manual_seed(drawing.seed), Counter[str]()
    count = 0
    path, encoding = split_new_text(data, run.manifest().data)
    require_file(path, f"run '{run.id}' continues the lines of a text")
    with open_source(path) as file:
        for line in read_lines(file, encoding):
            tokens, known = cut_text(line, tokeniser)
            unseen.update(sign for sign, is_known in zip(line, known, strict=False) if not is_known)
            begin = torch.as_tensor(tokens)
            try:
                drawn = draw_tokens(
                    restored.net, begin, restored.objective, context, drawing.length, chance, drawing.temperature
                )
            except Exception as error:  # of the user's own code, too
                count_read = f"{min(len(begin), context):,} {tokeniser.unit}s"
                raise DescendError(f"The model cannot continue a text of {count_read}: {error}.") from None
            if not count:
                writer.writerow(["text", "continuation"])
            writer.writerow([line, tokeniser.decode(drawn.tolist())])
            count += 1
    if not count:
        raise DescendError("The text has no line to continue.")
    return count, tell_unseen(unseen)


def read_lines(file: Path, encoding: str) -> Iterator[str]:
    """The lines of ``file`` that are not empty, without what ends them.

    Raises:
        DescendError: it cannot be read, or is no text.
    """
    from descend.datasets.compressed import open_text, tell_unreadable
    from descend.datasets.encodings import describe_undecodable, detect_encoding

    chosen = detect_encoding(file, encoding)
    try:
        with tell_unreadable(file), open_text(file, chosen) as opened:
            yield from (line.rstrip("\n") for line in opened if line.rstrip("\n"))
    except UnicodeError:
        raise DescendError(describe_undecodable(file, chosen)) from None
