"""Arrays, operations, images with boxes and trees reach the run folder as records that fit together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from descend.engine.lab.diagrams import flatten_tree
from descend.engine.lab.formulas import write_dot_product
from descend.engine.lab.lab import Lab
from descend.engine.run.records import Array, ArrayView, Grid

from .test_pictures import last, shown


def test_an_array_arrives_with_its_axes_marks_and_blanks(folders: Path) -> None:
    values = torch.arange(12.0).reshape(2, 2, 3)

    def experiment(lab: Lab) -> None:
        lab.array(
            "a", values, rows="y", columns="x", slices="channel", column_names=["p", "q", "r"],
            marks={"first": (0, 0, slice(0, 2)), "large": values > 10}, blank=np.s_[1, 1, 0],
        )  # fmt: skip
        lab.array("vector", [1, 2, 3], columns="x")
        lab.array("plain", np.eye(2, dtype=bool))

    history = shown(experiment)
    (grid,) = last(history, "array/a").grids
    assert grid.values.numpy().tolist() == values.tolist()
    assert (grid.axes, grid.ticks) == (["channel", "y", "x"], [[], [], ["p", "q", "r"]])
    assert np.argwhere(grid.marks["first"].numpy()).tolist() == [[0, 0, 0], [0, 0, 1]]
    assert np.argwhere(grid.marks["large"].numpy()).tolist() == [[1, 1, 2]]
    assert np.argwhere(grid.blank.numpy()).tolist() == [[1, 1, 0]]
    assert last(history, "array/vector").grids[0].axes == ["x"]
    assert last(history, "array/plain").grids[0].axes == []


def test_every_step_of_an_operation_is_a_frame(folders: Path) -> None:
    image, kernel = np.arange(9).reshape(3, 3), np.array([[1, 0], [0, -1]])

    def experiment(lab: Lab) -> None:
        output = np.zeros((2, 2))
        for step in lab.steps(4):
            row, column = divmod(step, 2)
            window = np.s_[row : row + 2, column : column + 2]
            output[row, column] = (image[window] * kernel).sum()
            lab.operation(
                "correlation",
                {"input": image, "kernel": kernel, "output": output},
                write_dot_product(image[window], kernel),
                signs={"kernel": "*", "output": "="},
                marks={"input": {"window": window}, "output": {"now": (row, column)}},
                blank={"output": np.arange(4).reshape(2, 2) > step},
            )

    frames = shown(experiment).pictures["array/correlation"]
    assert [frame.step for frame in frames] == [0, 1, 2, 3]
    assert all(isinstance(frame, ArrayView) for frame in frames)
    assert frames[1].formula == "1×1 + 2×0 + 4×0 + 5×(−1) = −4"
    inputs, kernels, outputs = frames[1].grids
    assert (inputs.sign, kernels.sign, outputs.sign) == ("", "*", "=")
    assert np.argwhere(inputs.marks["window"].numpy()).tolist() == [[0, 1], [0, 2], [1, 1], [1, 2]]
    assert outputs.values.numpy().tolist() == [[-4, -4], [0, 0]]
    assert outputs.blank.numpy().tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize(
    ("show", "said"),
    [
        (lambda lab: lab.array("a", np.zeros((1, 1, 1, 1))), "one to three axes"),
        (lambda lab: lab.array("a", []), "one to three axes"),
        (lambda lab: lab.array("a", [1, 2], column_names=["p"]), "2 indices along an axis and 1 names"),
        (lambda lab: lab.array("a", [1, 2], marks={"m": 5}), "What is marked in 'a' is not in it"),
        (lambda lab: lab.array("a", [1, 2], marks=dict.fromkeys("abcde", 0)), "at most 4 kinds of marks"),
        (lambda lab: lab.operation("o", {"x": [1]}, marks={"y": {"m": 0}}), "marks of 'y' are given"),
        (lambda lab: lab.operation("o", {}), "at least one array"),
        (lambda lab: lab.operation("o", {"x": [1]}, axes={"x": ("a", "b")}), "1 axes and 2 names"),
        (lambda lab: lab.annotated_image("i", np.zeros((2, 2)), [(0, 0, 1)]), "boxes are (n, 4)"),
        (lambda lab: lab.annotated_image("i", np.zeros((2, 2)), [(0, 0, 1, 1)], ["a", "b"]), "1 boxes and 2 labels"),
        (lambda lab: lab.annotated_image("i", np.zeros((4, 4)), masks={"m": np.zeros((3, 3))}), "two coordinates"),
        (lambda lab: lab.annotated_image("i", np.zeros(4)), "no image"),
        (lambda lab: lab.tree("t", ("+", "x", "y"), values={"v": [1]}), "1 numbers for 3 nodes"),
        (lambda lab: lab.tree("t", ("+", "x"), edges=["no"]), "2 nodes and 1 texts"),
        (lambda lab: lab.tree("t", "x", marked=[1]), "numbers below 1"),
        (lambda lab: lab.tree("t", ("root", *map(str, range(5000)))), "there are 5001 nodes; at most 5000"),
        (lambda lab: lab.array("a", np.zeros((1001, 1, 1))), "has 1001 slices; at most 1000"),
        (lambda lab: lab.operation("o", {str(index): [1] for index in range(27)}), "at most 26"),
    ],
)
def test_what_does_not_fit_together_is_told_in_the_experiment(
    folders: Path, show: Callable[[Lab], None], said: str
) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(").replace(")", r"\)")):
        shown(show)


def test_formulas_have_their_numbers_put_in() -> None:
    assert write_dot_product([1, 2], [0, -1]) == "1×0 + 2×(−1) = −2"
    assert write_dot_product(torch.tensor([0.25]), [3], bias=-0.5) == "0.25×3 + (−0.5) = 0.25"
    long = write_dot_product(range(20), [1] * 20)
    assert long.startswith("0×1 + 1×1 + ")
    assert long.endswith(" + … + 19×1 = 190")
    assert long.count("×") == 8
    with pytest.raises(ValueError, match="2 and 3 numbers"):
        write_dot_product([1, 2], [1, 2, 3])


def test_an_image_arrives_with_boxes_scores_and_masks(folders: Path) -> None:
    image = torch.zeros(3, 4, 6)
    image[0] = 1

    def experiment(lab: Lab) -> None:
        lab.annotated_image(
            "scene", image, [(0, 0, 2, 3), (1.5, 1, 6, 4)], ["cat", "dog"], torch.tensor([0.9, 0.25]),
            masks={"left": np.arange(6) < np.full((4, 1), 2), "triangle": [(0, 0), (5, 0), (0, 5)]},
        )  # fmt: skip
        lab.annotated_image("bare", np.arange(6, dtype=np.uint8).reshape(2, 3))

    history = shown(experiment)
    scene = last(history, "annotated_image/scene")
    assert scene.pixels.numpy()[0, 0].tolist() == [255, 0, 0]
    assert scene.boxes.numpy().tolist() == [[0, 0, 2, 3], [1.5, 1, 6, 4]]
    assert (scene.labels, scene.scores.numpy().tolist()) == (["cat", "dog"], pytest.approx([0.9, 0.25]))
    assert scene.masks["left"].numpy().sum() == 8
    assert scene.masks["triangle"].numpy().tolist() == [
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0],
    ]
    assert last(history, "annotated_image/bare").labels == []


def test_a_tree_is_numbered_as_it_is_read(folders: Path) -> None:
    def experiment(lab: Lab) -> None:
        lab.tree(
            "e",
            ("+", ("×", "x", "y"), 2.0),
            values={"value": [8, 6, 2, 3, 2]},
            edges=["", "l", "", "", "r"],
            marked=[1],
        )

    tree = last(shown(experiment), "tree/e")
    assert tree.labels == ["+", "×", "x", "y", "2"]
    assert tree.parents.numpy().tolist() == [-1, 0, 1, 1, 0]
    assert tree.values["value"].numpy().tolist() == [8, 6, 2, 3, 2]
    assert (tree.edges[4], tree.marked) == ("r", [1])
    assert flatten_tree("x") == (["x"], [-1])
    deep: Any = "leaf"
    for _ in range(5000):
        deep = ("node", deep)
    assert len(flatten_tree(deep)[0]) == 5001


def test_a_damaged_grid_is_refused() -> None:
    values = Array.of(np.zeros((2, 3)))
    for wrong in (
        Grid(name="a", values=values, axes=["x"]),
        Grid(name="a", values=values, ticks=[["p"], []]),
        Grid(name="a", values=values, blank=Array.of(np.zeros(3, np.uint8))),
        Grid(name="a", values=Array.of(np.zeros(0))),
    ):
        with pytest.raises(ValueError, match=r"needed|one to three"):
            ArrayView(step=0, name="a", grids=[wrong]).check()
