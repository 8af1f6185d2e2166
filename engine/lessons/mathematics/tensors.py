"""Tensors: one strip of numbers, many shapes

Two rows of three numbers are to become three rows of two. `A.T` does it, `A.reshape(3, 2)` does it. Is it the same,
and does either move a number?

**Axes.** A *vector* has one axis, a *matrix* two, rows and columns; a *tensor* has any number. The *shape* is the
length of each axis, here (2, 3).

**Memory** is a strip of places, counted from 0. An array reads it from a *start*, with a *stride* for each axis: how
many places one step along that axis advances. (NumPy's `strides` counts bytes.)

    place = start + i · stride₀ + j · stride₁

By hand: A = `1 2 3; 4 5 6` has start 0, strides 3 and 1. A[1, 2] is at place 1 · 3 + 2 · 1 = 5, which holds 6.

**Views.** `A.T` swaps lengths and strides. `A[..., ::-2]` starts at a row's end and goes back by 2. Stride 0 reads one
number again and again (`stretched`), as *broadcasting* does. Such *views* share A's strip: what you write there, A has
too. `reshape` reads A row by row. An order that no strides can read is *copied*; so is what a list of indices picks.

**The type** sets what a place holds: float32 takes 4 bytes, uint8 1, for whole numbers from 0 to 255.

**For a network.** Images are read as (rows, columns, colours); PyTorch's convolutions want (colours, rows, columns). A
reshape gives that shape too, without an error: the network then learns from scrambled pictures.

**Predict, then run.** At the end `write` goes into the view's last cell. **Watch** the brackets on the strip: one
jumps, the other goes in order. **Break it:** flatten `A.T` (`ravel`). No stride can read it.
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    computed,
    knob,
    last,
    number,
    pace,
    quiz,
)

VIEWS = {
    "A.T": lambda a: a.T,
    "A.reshape": lambda a: a.reshape(a.shape[::-1]),
    "A[..., ::-2]": lambda a: a[..., ::-2],
    "stretched": lambda a: stretch(a),
    "A[..., [-1]]": lambda a: a[..., [-1]].copy(),  # NumPy copies too, in an order of its own
    "A.T.ravel()": lambda a: a.T.ravel(),
}


class Knobs(KnobSet):
    shape: str = knob("2 3", help="lengths of A's axes, one to three; 12 numbers in all at most")
    view: str = knob("A.T", choices=tuple(VIEWS), help="how the strip is read; A.reshape reverses A's shape")
    dtype: str = knob(
        "float32", choices=("float64", "float32", "int32", "uint8"), help="what fills a place: 8, 4, 4, 1 bytes"
    )
    write: float = knob(99.0, 30.0, 255.0, help="goes into the view's last cell; whole-number types cut its fraction")
    pace: int = pace(1)


def make(text, dtype):
    """The tensor of the lengths that ``text`` names, holding 1, 2, 3 …"""
    import numpy as np

    from descend.engine.base.errors import UsageError

    try:
        shape = tuple(int(length) for length in text.replace(",", " ").split())
        if not 1 <= len(shape) <= 3 or min(shape) < 1 or np.prod(shape) > 12:
            raise ValueError
    except ValueError:
        raise UsageError("shape is one to three lengths, at most 12 numbers in all, such as: 2 2 3") from None
    return np.arange(1, np.prod(shape) + 1).reshape(shape).astype(dtype)


def stretch(a):
    """The first column of a, read once for each column."""
    from numpy.lib.stride_tricks import as_strided

    return as_strided(a, a.shape, (*a.strides[:-1], 0))  # key: stride 0 stands still


def inspect(a, view):
    """Start and strides of ``view``, counted in places, and the place (…) of each of its cells."""
    import numpy as np

    shared = np.shares_memory(a, view)
    start = (view.ctypes.data - a.ctypes.data) // a.itemsize if shared else 0
    strides = [stride // a.itemsize for stride in view.strides]
    places = start + np.tensordot(strides, np.indices(view.shape), 1)  # key: no number is looked at, let alone moved
    return shared, start, strides, places


def run(lab, k):
    import numpy as np

    from descend.engine.lab.formulas import write_number

    a = make(k.shape, k.dtype)
    view = VIEWS[k.view](a)
    shared, start, strides, places = inspect(a, view)
    again = a.reshape(view.shape) if view.size == a.size else None  # key: the strip in its order, with other lengths
    tabulate(lab, a)
    lab.images("for a network", turn_picture(), ("transposed: 3 × 9 × 9", "✗ reshaped: 3 × 9 × 9"))
    lab.results(**{"bytes of A": a.nbytes, **({} if again is None else {"same cells": int((view == again).sum())})})

    for step in lab.steps(view.size, unit="cells"):
        at = np.unravel_index(step, view.shape)
        terms = " + ".join(f"{i}·{write_number(stride)}" for i, stride in zip(at, strides, strict=True))
        said = f"view at {list(map(int, at))}: place {start} + {terms} = {places[at]}, which holds {view[at]:.4g}"
        show(lab, k.view, (a, view, again), (shared, places), step, said)

    old, seen = a.copy(), view.copy()
    for _ in lab.steps(1, unit="writing"):
        view[(-1,) * view.ndim] = k.write  # key: one place changes, whoever reads it
        changed, also = int((a != old).sum()), int((view != seen).sum())
        said = f"{view.flat[-1]:.4g} is written into the last cell. Cells changed of A: {changed}, of the view: {also}"
        show(lab, k.view, (a, view, again), (shared, places), view.size - 1, said)
    lab.results(**{"cells of A changed": changed, "cells of the view changed": also, "written": float(view.flat[-1])})


def show(lab, name, arrays, places, step, said):
    """A, the strip, the view and the reshape, as far as they have been read."""
    import numpy as np

    (a, view, again), (shared, places) = arrays, places
    at, strip = np.unravel_index(step, view.shape), "memory" if shared else "new memory"
    shown = {"A": a, strip: (a if shared else view).reshape(-1), name: view}
    marks = {strip: {"view reads": places[at]}, name: {"view reads": at}}
    if shared:
        marks["A"] = {"view reads": np.unravel_index(places[at], a.shape)}
    if again is not None and shared and name != "A.reshape":
        shown["A.reshape"] = again
        marks[strip]["reshape reads"], marks["A.reshape"] = step, {"reshape reads": at}
    blank = {array: np.arange(view.size).reshape(view.shape) > step for array in (name, "A.reshape") if array in shown}
    lab.operation("reading the strip", shown, said, marks=marks, blank=blank)


def tabulate(lab, a):
    """What NumPy says of A and of each view of it."""
    import numpy as np

    rows = []
    for name, view in {"A": a, **{name: look(a) for name, look in VIEWS.items()}}.items():
        shared, start, strides, _ = inspect(a, view)
        rank = int(np.linalg.matrix_rank(view.astype(float))) if view.ndim == 2 else None
        shape = " × ".join(map(str, view.shape))
        steps = ", ".join(map(str, strides)) if shared else "copied"
        rows.append((name, view.ndim, shape, start if shared else None, steps, rank))
    lab.table("inspector", (f"{a.dtype}, {a.itemsize} B", "axes", "shape", "start", "strides", "matrix rank"), rows)


def turn_picture():
    """An F in colour, (9, 9, 3), brought into the shape (3, 9, 9) in two ways."""
    import numpy as np

    picture = np.tile(np.array([20, 60, 160], np.uint8), (9, 9, 1))
    picture[1:8, 2] = picture[1, 2:7] = picture[4, 2:6] = (255, 200, 40)
    return np.stack([picture.transpose(2, 0, 1), picture.reshape(3, 9, 9)])


def read_images(raw, rows, columns):
    """Of raw (n,), image by image, row by row, a pixel's 3 colours together: (images, 3, rows, columns), 0 … 1."""
    import numpy as np

    images = np.reshape(raw, (-1, rows, columns, 3))
    planes = np.transpose(images, (0, 3, 1, 2))
    return planes / 255


def check_read(function):
    import numpy as np

    for n, rows, columns in ((2, 4, 5), (1, 3, 3), (3, 1, 2)):
        raw = np.arange(n * rows * columns * 3) % 256
        try:
            found = function(raw, rows, columns)
        except NameError as error:
            raise Wrong(f"A line uses what a later line defines: {error}.") from None
        if np.shape(found) != (n, 3, rows, columns):
            raise Wrong(f"{n} images of {rows} × {columns}: {(n, 3, rows, columns)}; yours is {np.shape(found)}.")
        wrong = sum(int((~(np.abs(found[:, c].ravel() - raw[c::3] / 255) <= 1e-9)).sum()) for c in range(3))
        yield number(wrong, f"{n} images of {rows} × {columns}: numbers in the wrong place") == 0


LESSON = Lesson(
    covers=("A01",),
    run=run,
    knobs=Knobs,
    show=("reading the strip", "inspector", "for a network"),
    takeaways=(
        "An array is one strip of numbers with a start, and for each axis a length and a stride.",
        "Transposing, slicing and stretching change how the strip is read; they move no number.",
        "Two arrays of one shape can hold the same numbers in other places: reshape does not transpose.",
        "The number of axes is no property of the numbers; the rank of a matrix is.",
    ),
    predictions=(
        Prediction(
            "In how many cells does the view hold the same number as a reshape of A to the view's shape?",
            computed("cells that agree", lambda run: run.history.metrics.get("same cells")),
            "Of 2 × 3, A.T reads 1 4 2 5 3 6 and the reshape 1 2 3 4 5 6: the first and the last agree. A view with "
            "fewer numbers than A has no such reshape.",
            within=0.001,
        ),
        Prediction(
            "A number is written into the view's last cell. What changes?",
            choices={
                "That cell; A stays as it is": last("cells of A changed") == 0,
                "That cell, and one of A": (last("cells of A changed") == 1) & (last("cells of the view changed") == 1),
                "One of A, and several of the view": last("cells of the view changed") > 1,
            },
            why="A view reads A's own places; with a stride of 0, several cells read one. A copy has its own: a list "
            "of indices always makes one, flattening only where no strides can read the order.",
        ),
    ),
    claims=(
        Claim(
            "A.T of 2 × 3 agrees with the reshape in 2 cells of 6. Writing into it or a slice changes one cell of A",
            last("same cells") == 2,
            last("cells of A changed") == 1,
            last("cells of A changed", view="A[..., ::-2]") == 1,
            seeds=2,
        ),
        Claim(
            "A stride of 0 shows one number in 3 columns; a list of indices and the flattened A.T are copies",
            last("cells of the view changed", view="stretched") == 3,
            last("cells of A changed", view="A[..., [-1]]") == 0,
            last("cells of A changed", view="A.T.ravel()") == 0,
            seeds=2,
        ),
        Claim(
            "6 numbers take 24 bytes as float32 and 6 as uint8, which holds 99 for 99.9",
            last("bytes of A") == 24,
            last("bytes of A", dtype="uint8") == 6,
            last("written", dtype="uint8", write=99.9) == 99,
        ),
    ),
    exercises=(
        Exercise(
            "Show the number written in exactly 4 cells of the view. A takes 12 bytes at most.",
            last("cells of the view changed") == 4,
            last("bytes of A") <= 12,
            solution={"shape": "3 4", "view": "stretched", "dtype": "uint8"},
        ),
        CodeExercise(
            "Each name is used before the line that defines it. And once these lines run, the pictures are scrambled.",
            read_images,
            check_read,
            broken={
                "    import numpy as np\n\n": "    planes = np.reshape(images, (-1, 3, rows, columns))\n",
                "    planes = np.transpose(images, (0, 3, 1, 2))\n": "    import numpy as np\n\n",
            },
            hints=(
                "Which line needs nothing that another makes? And `np.transpose` takes the axes in their new order.",
            ),
            mistakes=(48,),
            rows=("S3-05",),
        ),
    ),
    quiz=quiz("""
        ? [compute] A strip holds 1 … 9 and then 11 … 19, read as (2, 3, 3) in order. What is A[1, 0, 2]?
        - 6
        + 13
        - 12
        = The strides are 9, 3 and 1: place 1·9 + 0·3 + 2·1 = 11, and as the value 10 is missing it holds 13. 6 is
          A[0, 1, 2], its first two indices exchanged.
        & S3-07

        ? [foresee] x is `np.array([4, 5, 6])`. What is the shape of x.T?
        - (3, 1): a row becomes a column
        - (1, 3)
        + (3,)
        = x has one axis, and to reverse one axis changes nothing. It is neither row nor column; `x[:, None]` has
          shape (3, 1), with a second axis of length 1.
        & S3-03

        ? "A matrix has rank two", a tutorial says of tensors. What is true of a 3 × 4 matrix of ones?
        - Its rank is 2, like that of every matrix
        + It has two axes, and its rank is 1
        - Its rank is 3, as it has 3 rows
        = The number of axes (`ndim`) is called rank by some. The rank of a matrix is how many rows suffice to make
          all the others of, by multiples and sums: here one. It is at most the shorter length.
        & 94, S3-06

        ? [foresee] A is `1 2 3; 4 5 6`. B = A.T, then B[0, 1] = 99. What is A now?
        - 1 99 3; 4 5 6
        + 1 2 3; 99 5 6
        - 1 2 3; 4 5 6, as B is another variable
        = B is a view: B[0, 1] is A[1, 0]. `A.T.copy()` has places of its own.
    """),
    sources=(
        "C. R. Harris et al.: Array programming with NumPy, Nature 585 (2020), 357-362 (strides, views, broadcasting)",
        "S. van der Walt, S. C. Colbert, G. Varoquaux: The NumPy array: a structure for efficient numerical "
        "computation, Computing in Science & Engineering 13 (2011), 22-30",
    ),
)
