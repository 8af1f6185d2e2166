"""What the next run is asked for, taken from a run."""

from __future__ import annotations

import pytest

from descend.engine.base.errors import UsageError
from descend.engine.launch.experiment import complete_again
from descend.engine.run.runs import Manifest
from descend.engine.teaching import catalogue


def manifest(**knobs: object) -> Manifest:
    return Manifest(id="old", name="digits", knobs=knobs, seed=3, device="cpu", data="digits")  # type: ignore[arg-type]


def test_a_run_gives_its_knobs_seed_and_device() -> None:
    asked = complete_again(catalogue.find_lesson("digits"), manifest(epochs=3))
    assert (asked.knobs["epochs"], asked.seed, asked.device, asked.data) == (3, 3, "cpu", "digits")


def test_a_run_with_a_knob_that_is_no_more_says_which() -> None:
    with pytest.raises(UsageError, match="This run has the knob 'frozen', which digits no longer has"):
        complete_again(catalogue.find_lesson("digits"), manifest(epochs=3, frozen=True))
    with pytest.raises(UsageError, match="epochs is a whole number"):
        complete_again(catalogue.find_lesson("digits"), manifest(epochs="many"))
