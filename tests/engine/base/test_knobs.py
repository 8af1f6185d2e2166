"""Knobs: typed, bounded, and explained in a sentence when they are not met."""

from __future__ import annotations

import pytest

from descend.engine.base.errors import UsageError
from descend.engine.base.knobs import Knob, KnobSet, knob


class Knobs(KnobSet):
    width: int = knob(20, 1, 256, scale="log", help="hidden units")
    lr: float = knob(1e-2, 1e-4, 1.0, live=True)
    bias: bool = knob(True)
    kind: str = knob("tanh", choices=("tanh", "relu"))


def test_text_is_parsed_into_the_declared_type() -> None:
    k = Knobs.parse({"width": "40", "lr": "1e-3", "bias": "no", "kind": "relu"})
    assert (k.width, k.lr, k.bias, k.kind) == (40, 0.001, False, "relu")
    assert isinstance(k, KnobSet)
    assert type(k.width) is int
    assert Knobs.parse({}).values() == {"width": 20, "lr": 0.01, "bias": True, "kind": "tanh"}
    assert Knobs.parse(k.values()).values() == k.values()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"widht": 3}, "There is no knob 'widht'; did you mean 'width'?"),
        ({"width": "0"}, "width must be at least 1, not 0."),
        ({"width": "300"}, "width must be at most 256, not 300."),
        ({"width": "3.5"}, "width is a whole number, not '3.5'."),
        ({"lr": "nan"}, "lr is a number, not 'nan'."),
        ({"lr": "inf"}, "lr is a number, not 'inf'."),
        ({"lr": ""}, "lr is a number, not ''."),
        ({"bias": "maybe"}, "bias is yes or no, not 'maybe'."),
        ({"kind": "gelu"}, "kind is one of tanh, relu, not 'gelu'."),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        Knobs.parse(given)
    assert str(error.value) == sentence


def test_an_authors_mistakes_are_found_on_import() -> None:
    with pytest.raises(TypeError, match="range"):

        class NoRange(KnobSet):
            width: int = knob(3)

    with pytest.raises(TypeError, match="at most"):

        class OutOfRange(KnobSet):
            width: int = knob(300, 1, 256)


def test_ends_of_a_range_are_written_as_one_types_them() -> None:
    seed = Knob(0, 0, 2**31 - 1, name="seed", type=int)
    assert seed.describe() == "0 … 2147483647"
    with pytest.raises(UsageError, match="at most 2147483647, not 3000000000"):
        seed.parse("3000000000")
    assert Knob(0.1, 1e-6, 10.0, name="lr", type=float).describe() == "1e-06 … 10"
