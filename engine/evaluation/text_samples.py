"""Texts that a language model is judged by: one of the user's, or the part of its own that a training held back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets.data_shape import format_count
from descend.datasets.new_texts import cut_text, tell_unseen
from descend.datasets.text_file import read_characters
from descend.engine.base.errors import DescendError
from descend.engine.evaluation.judged_text import JudgedText
from descend.engine.evaluation.metrics import TOP

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from descend.engine.train.predictor import Restored

NUMBERS = 1 << 22
"""Scores computed at once, about."""
BYTES = 250
"""Of memory that a character takes at most, with all that is said of it."""


def read_new_text(file: Path, encoding: str) -> str:
    """The text to judge by.

    Args:
        encoding: how the characters of the training's text were stored; empty if that was found out.

    Raises:
        DescendError: it cannot be read, or is too long.
    """
    return read_characters(file, encoding, each=BYTES, remedy="name a part of it")


def judge_text(
    restored: Restored, text: str, context: int, tell: Callable[[float], None] = lambda share: None
) -> JudgedText:
    """What the language model ``restored`` says of each place of ``text``, read in windows as its training read them.

    Args:
        context: characters or tokens of a window.
        tell: takes the share that is done, in (0, 1].

    Raises:
        DescendError: the text is too short, or has no character that the model knows.
    """
    import numpy as np

    tokeniser = restored.prepared.tokeniser
    tokens, known = cut_text(text, tokeniser)
    notes = tell_unseen(set(text) - set(tokeniser.vocabulary)) if not known.all() else []
    if len(tokens) < 2:
        raise DescendError(f"The text has {format_count(len(tokens), tokeniser.unit)}; at least 2 are needed.")
    window = min(context, len(tokens) - 1)
    count = (len(tokens) - 1) // window * window
    truth, known = tokens[1 : count + 1], known[1 : count + 1]
    if not known.any():
        raise DescendError(f"The text has nothing that can be judged. {' '.join(notes)}".rstrip())
    if strange := int((~known).sum()):
        notes.append(f"{format_count(strange, 'place')} with such a character not judged.")
    rest = len(tokens) - 1 - count
    left = f"; the last {rest:,} fill no such window" if rest else ""
    if window == context:
        notes.append(f"Read {format_count(window, tokeniser.unit)} at a time, as in training{left}.")
    try:
        loss, guessed, sure, top = find_losses(restored, tokens[: count + 1], window, tell)
    except Exception:  # of the user's own code, too
        if window == context:
            raise
        at_once = format_count(context, tokeniser.unit)
        raise DescendError(f"The model reads {at_once} at once, and the text has only {len(tokens):,}.") from None
    begin = int(np.array(tokeniser.count_characters())[tokens[0]])
    return JudgedText(tokeniser, text, begin, window, truth, known, loss, guessed, sure, top, tuple(notes))


def find_losses(
    restored: Restored, tokens: NDArray[np.int64], window: int, tell: Callable[[float], None]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Of each of ``tokens`` (k · window + 1,) but the first: minus the logarithm of its probability, the likeliest
    token, its probability, and whether the true one is among the `TOP` likeliest."""
    import torch

    from descend.engine.train.evaluation import compute_output

    stream = torch.as_tensor(tokens)
    x, y = stream[:-1].reshape(-1, window), stream[1:].reshape(-1, window)
    at_once = max(1, NUMBERS // (window * len(restored.prepared.vocabulary)))
    parts: list[tuple[torch.Tensor, ...]] = []
    done = 0
    with torch.no_grad():
        for given, true in zip(x.split(at_once), y.split(at_once), strict=True):
            output = compute_output(restored.net, restored.objective, given)
            if output is None:
                raise DescendError(f"The model's output changes its shape with {len(given)} windows of {window}.")
            chances = output.float().log_softmax(-1)
            mine = chances.gather(-1, true[..., None])
            best, guess = chances.max(-1)
            top = (chances > mine).sum(-1) < TOP
            parts.append((-mine[..., 0].double(), guess, best.double().exp(), top))
            done += len(given)
            tell(done / len(x))
    found, guesses, chance, among = (torch.cat(each).flatten().numpy() for each in zip(*parts, strict=True))
    return found, guesses, chance, among
