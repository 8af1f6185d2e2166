"""Arrays and records survive the trip through JSON bit for bit; foreign lines cost themselves only."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from descend.engine.run import records
from descend.engine.run.records import FORMAT, Array, Control, Event, Scalars, Status, make_encoder, make_event_decoder


@given(
    npst.arrays(
        st.sampled_from([np.float32, np.float64, np.uint8, np.int32, np.int64, np.bool_]),
        npst.array_shapes(max_dims=3, max_side=5),
    )
)
def test_an_array_comes_back_with_every_bit(values: np.ndarray) -> None:
    text = msgspec.json.encode(Array.of(values))
    back = msgspec.json.decode(text, type=Array).numpy()
    assert np.array_equal(back, values, equal_nan=values.dtype.kind == "f")
    assert back.shape == values.shape


def test_doubles_are_narrowed_only_where_that_is_exact() -> None:
    assert Array.of(np.array([0.5, np.inf, np.nan])).dtype == "f4"
    assert Array.of(np.array([0.1])).dtype == "f8"


def test_an_array_that_does_not_fit_its_shape_is_refused() -> None:
    damaged = Array("f4", (3,), b"\0" * 8)
    with pytest.raises(ValueError, match="reshape"):
        damaged.numpy()


def test_a_newer_writers_extra_fields_are_ignored_and_missing_ones_take_defaults() -> None:
    status = make_event_decoder().decode(b'{"kind":"status","state":"done","colour":"green"}')
    assert status == Status(state="done")


def test_the_kind_is_the_tag() -> None:
    steps = Array.of(np.arange(3))
    line = make_encoder().encode(Scalars(t=1.5, steps=steps, values={"train/loss": Array.of(np.zeros(3))}))
    assert msgspec.json.decode(line)["kind"] == "scalars"
    assert make_event_decoder().decode(line).t == 1.5


@pytest.mark.parametrize("record", [*get_args(Event), *get_args(Control)], ids=lambda record: record.__name__)
def test_the_format_page_names_every_kind_and_field(record: type[msgspec.Struct]) -> None:
    page = (Path(records.__file__).parent / "RUNS.md").read_text()
    assert f"`{record.__struct_config__.tag}`" in page
    for field in msgspec.structs.fields(record):
        assert f"`{field.name}`" in page
    assert f"format {FORMAT}" in page.splitlines()[0]
