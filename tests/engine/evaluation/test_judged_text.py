"""Metrics of texts, their intervals and comparisons, against formulas written out here, or scipy's own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from descend.datasets.tokenisers import CharacterTokeniser, Tokeniser, train_byte_pairs
from descend.engine.base.errors import UsageError
from descend.engine.evaluation.comparison import resample_sign
from descend.engine.evaluation.intervals import resample_blocks
from descend.engine.evaluation.judged_text import (
    JudgedText,
    choose_block,
    compare_texts,
    find_text_intervals,
    judge_by_frequency,
    measure_text,
)
from descend.engine.evaluation.text_evaluation import list_surprises

TEXT = "Eine Maus läuft übers Haus, und die Maus ist drin, ☕ und raus. " * 12


def judged(tokeniser: Tokeniser, skill: float = 1.0, seed: int = 0) -> tuple[JudgedText, np.ndarray]:
    """What scores that know something of `TEXT` say of it, and their logarithms of probabilities, (t, vocabulary)."""
    tokens = tokeniser.encode(TEXT)
    truth, rng = tokens[1:], np.random.default_rng(seed)
    scores = rng.normal(0, 1, (len(truth), len(tokeniser.vocabulary)))
    scores[np.arange(len(truth)), truth] += skill * rng.random(len(truth)) * 8
    logs = special.log_softmax(scores, 1)
    place = np.arange(len(truth))
    top = np.argsort(-logs, 1)[:, :5]
    return JudgedText(
        tokeniser,
        TEXT,
        tokeniser.count_characters()[tokens[0]],
        8,
        truth,
        np.ones(len(truth), bool),
        -logs[place, truth],
        logs.argmax(1),
        np.exp(logs.max(1)),
        (top == truth[:, None]).any(1),
    ), logs


def characters() -> Tokeniser:
    return CharacterTokeniser(tuple(sorted(set(TEXT))))


@pytest.mark.parametrize("cut", [characters, lambda: train_byte_pairs([TEXT], 320)])
def test_metrics_are_those_of_their_definitions(cut: type) -> None:
    of, logs = judged(cut())
    found, place = measure_text(of), np.arange(len(of))
    loss = -logs[place, of.truth].mean()
    assert found["loss"] == pytest.approx(loss)
    assert found["perplexity"] == pytest.approx(np.exp2(-logs[place, of.truth].mean() / math.log(2)))
    read = len(of.tokeniser.decode(of.truth.tolist()))
    assert found["bits_per_character"] == pytest.approx(loss * len(of) / math.log(2) / read)
    assert found["accuracy"] == pytest.approx((logs.argmax(1) == of.truth).mean())
    assert found["top_5"] == pytest.approx((np.argsort(-logs, 1)[:, :5] == of.truth[:, None]).any(1).mean())
    assert of.spread().sum() == pytest.approx(loss * len(of))
    assert len(of.spread()) == read


def test_places_that_the_model_does_not_know_do_not_count() -> None:
    of, _ = judged(characters())
    known = of.truth != of.truth[3]
    some = replace(of, known=known)
    assert len(some) == known.sum() < len(of)
    assert measure_text(some)["loss"] == pytest.approx(of.loss[known].mean())
    assert np.isnan(some.spread()).sum() == (~known).sum()
    assert all(np.isfinite([one.low, one.high]).all() for one in find_text_intervals(some).values())


def test_frequencies_are_those_of_the_training_with_one_added() -> None:
    of, _ = judged(characters())
    counts = np.arange(len(of.tokeniser.vocabulary))
    found = judge_by_frequency(of, counts)
    shares = (counts + 1) / (counts + 1).sum()
    assert measure_text(found)["loss"] == pytest.approx(-np.log(shares[of.truth]).mean())
    assert measure_text(found)["accuracy"] == pytest.approx((of.truth == len(counts) - 1).mean())
    assert measure_text(found)["top_5"] == pytest.approx((of.truth >= len(counts) - 5).mean())
    ones = judge_by_frequency(of, np.zeros(len(counts), int))
    assert measure_text(ones)["perplexity"] == pytest.approx(len(counts))


def wander(count: int, memory: float, seed: int = 0) -> np.ndarray:
    """Numbers of which each is near the one before it."""
    rng, found = np.random.default_rng(seed), np.zeros(count)
    for at in range(1, count):
        found[at] = memory * found[at - 1] + rng.normal()
    return found


def test_resamples_are_scipys_where_numbers_are_independent_and_wider_where_neighbours_are_alike() -> None:
    alone = np.random.default_rng(1).normal(3, 2, 2000)
    drawn = resample_blocks(alone[None], 20, 1000)[0] / len(alone)
    expected = stats.bootstrap((alone,), np.mean, n_resamples=1000, method="percentile", rng=1).standard_error
    assert drawn.mean() == pytest.approx(alone.mean(), abs=0.02)
    assert drawn.std() == pytest.approx(expected, rel=0.2)
    memory = 0.9
    series = wander(6000, memory)
    true = 1 / (1 - memory) / math.sqrt(len(series))  # deviation of the mean, for long series
    assert (resample_blocks(series[None], 200, 1000)[0] / len(series)).std() == pytest.approx(true, rel=0.25)
    assert series.std() / math.sqrt(len(series)) < 0.4 * true
    whole = resample_blocks(np.stack([series, series**2]), 6000, 3)
    assert np.allclose(whole[0], series.sum())
    assert np.allclose(whole[1], (series**2).sum())


def test_intervals_hold_what_the_text_was_drawn_from_and_are_named() -> None:
    of, _ = judged(characters())
    found = find_text_intervals(of)
    assert set(found) == set(measure_text(of))
    for name, value in measure_text(of).items():
        assert found[name].low < value < found[name].high
    assert found["loss"].method == f"block bootstrap of 1,000, {choose_block(len(of), 8)} characters each"
    assert math.exp(found["loss"].low) == pytest.approx(found["perplexity"].low)
    short = replace(
        of, **{name: getattr(of, name)[:9] for name in ("truth", "known", "loss", "guessed", "sure", "top")}
    )
    assert find_text_intervals(short) == {}
    assert choose_block(100, 64) == 10
    assert choose_block(1000, 64) == 64
    assert choose_block(10**6, 64) == 25_000


def test_models_that_cut_a_text_in_different_ways_are_compared_by_its_characters() -> None:
    good, poor = judged(train_byte_pairs([TEXT], 320), 1.0)[0], judged(characters(), 0.2)[0]
    found = compare_texts(good, poor, "one", "other")
    both = min(good.begin + len(good.spread()), poor.begin + len(poor.spread())) - max(good.begin, poor.begin)
    bits = [(of.spread()[-both:].sum() / math.log(2)) / both for of in (poor, good)]
    assert found.better == pytest.approx(bits[0] - bits[1])
    assert found.p < 0.05
    assert found.words.startswith("one is better than other by")
    assert compare_texts(poor, good, "other", "one").better == pytest.approx(-found.better)
    assert "says of every character what" in compare_texts(good, good, "one", "other").words
    with pytest.raises(UsageError, match="different texts"):
        compare_texts(good, replace(poor, text="another"), "one", "other")


def test_a_difference_by_chance_is_not_told_where_neighbours_are_alike() -> None:
    off = wander(4000, 0.98, seed=4) + 0.8
    assert resample_sign(off) < 0.05  # as if each were a sample of its own
    assert resample_sign(off, block=400) > 0.05


def test_surprises_are_the_places_where_what_is_wrong_was_surest() -> None:
    of, logs = judged(characters())
    wrong = logs.argmax(1) != of.truth
    first, *_ = found = list_surprises(of)
    assert first.sure == pytest.approx(np.exp(logs.max(1))[wrong].max())
    assert len(found) == min(20, wrong.sum())
    place = int(np.flatnonzero(np.where(wrong, of.sure, 0) == first.sure)[0])
    assert first.true == repr(TEXT[place + 1])
    assert first.sample == f"after {TEXT[max(0, place - 59) : place + 1]!r}"
