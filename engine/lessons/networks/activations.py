"""Activations and their derivatives

A neuron, or unit, adds up its inputs, and then? Four things it can do with its sum look much alike. Why do six sigmoids
in a row make a network all but deaf, and six ReLUs not?

The **activation** is what a unit makes of its sum z. Its *slope*, or derivative, says how much of a small change of z
passes:

    sigmoid  σ(z) = 1 / (1 + e⁻ᶻ)      slope σ·(1 − σ)
    tanh z = 2·σ(2z) − 1               slope 1 − tanh²
    ReLU  max(0, z)                    slope 0 or 1
    leaky ReLU  z, or a·z below 0      slope 1 or a

The leak a is usually 0.01, here the knob `leak`. The sigmoid's slope is at most ¼, that of tanh at most 1, both at
z = 0. Far from 0 both are flat: they *saturate*.

**Slopes multiply.** Put units in a row, each fed with `weight` times the output of the one before. A small change of x
is multiplied by a slope in each, and by the weight on the way to the next. From x = 1 with weights of 1, the first
sigmoid's slope is 0.197, the second's 0.219: both together pass 0.197 · 0.219 = 0.043. The table continues that.

**Why it matters.** To train the first layer of a network, one must know how the error reacts to it. By the chain rule
that is a sum of such products, a slope from every layer. If they are tiny, the first layer hardly learns.

**Predict, then run.** x is sent through `units` in a row. The slope of tanh at 1 is 0.42: how much passes six of them?
**Watch** the marks: they sweep over the curves, then follow the sums of the units.

**Break it.** Make x negative: who passes nothing at all? Then `span` 3: what does that figure hide?
"""

from functools import reduce
from operator import and_

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)

NAMES = ("sigmoid", "tanh", "leaky ReLU", "ReLU")


class Knobs(KnobSet):
    x: float = knob(1.0, -10.0, 10.0, help="the number that is sent through the units in a row")
    units: int = knob(6, 1, 30, help="units in a row")
    weight: float = knob(1.0, 0.1, 5.0, help="what an output is multiplied by on its way to the next unit")
    leak: float = knob(0.01, 0.0, 0.5, help="slope of the leaky ReLU below 0")
    span: float = knob(8.0, 2.0, 20.0, help="the curves are drawn from -span to span")
    pace: int = pace(8)


def activate(name, z, leak):
    """The activation and its slope for each number of the array ``z``."""
    import numpy as np

    if name == "sigmoid":
        small = np.exp(-np.abs(z))  # never overflows
        h = np.where(z >= 0, 1, small) / (1 + small)
        return h, h * (1 - h)  # key: at most ¼, where h = ½
    if name == "tanh":
        h = np.tanh(z)
        return h, 1 - h * h  # key: the output alone tells the slope
    slope = np.where(z > 0, 1.0, leak if name == "leaky ReLU" else 0.0)
    return z * slope, slope


def run(lab, k):
    import numpy as np

    z = np.linspace(-k.span, k.span, 161)
    known = {name: activate(name, z, k.leak) for name in NAMES}
    for name, (_, slope) in known.items():
        lab.results(**{f"{name}/largest slope": slope.max(), f"{name}/slope at {k.span:g}": slope[-1]})
    for step in lab.steps(21, unit="places"):
        show(lab, k, z, known, dict.fromkeys(NAMES, z[8 * step]))

    into = dict.fromkeys(NAMES, k.x)
    slopes, passed = {name: [] for name in NAMES}, {name: [1.0] for name in NAMES}
    for step in lab.steps(k.units, unit="units in a row"):
        show(lab, k, z, known, into)
        for name in NAMES:
            output, slope = (float(part) for part in activate(name, np.array(into[name]), k.leak))
            slopes[name].append(slope)
            passed[name].append(passed[name][-1] * slope * (k.weight if step else 1))  # key: one more factor a unit
            into[name] = k.weight * output
        logs = {name: np.log10(parts) for name, parts in passed.items() if parts[-1]}
        axes = "units passed", "log₁₀ of what is passed"
        lab.curve("passed on by units in a row", range(step + 2), axes=axes, **logs)
        rows = [(f"unit {unit}", *each) for unit, each in enumerate(zip(*slopes.values(), strict=True), 1)]
        lab.table("slopes in a row", ("slope of", *NAMES), [*rows, ("all pass", *(p[-1] for p in passed.values()))])
    if k.x <= 0:
        lab.note("The ReLUs pass nothing: 0 has no logarithm, so they have no line.")
    lab.results(**{f"{name}/passed": parts[-1] for name, parts in passed.items()})


def show(lab, k, z, known, sums):
    """Slopes and outputs over ``z``, and where ``sums`` lie on them."""
    import numpy as np

    inside = {name: activate(name, np.array(at), k.leak) for name, at in sums.items() if abs(at) <= k.span}
    marks = {"z": [(sums[name], slope) for name, (_, slope) in inside.items()]} if inside else None
    lab.curve("slope", z, marks, axes=("sum z", "slope"), **{name: pair[1] for name, pair in known.items()})
    top = max(1.5, k.span / 4)  # drawn to the end, the ReLUs would flatten the others
    lines = {name: np.stack([z, output], 1)[output <= top] for name, (output, _) in known.items()}
    lines |= {"z": sorted((sums[name], min(pair[0], top)) for name, pair in inside.items())} if inside else {}
    lab.points("activation", np.zeros((0, 2)), paths=lines, axes=("sum z", f"output, up to {top:g}"), aspect="auto")


def relu(z):
    """ReLU and its slope for every number of the array z, of any shape. Returns two arrays of that shape."""
    import numpy as np

    return np.maximum(0, z), np.where(z > 0, 1.0, 0.0)


def check_relu(relu):
    """Arrays of three shapes, each number against one found alone."""
    import numpy as np

    for shape in ((), (5,), (4, 3)):
        z = np.random.default_rng(0).normal(size=shape)
        try:
            found = relu(z.copy())
        except ValueError as error:
            raise Wrong(f"For an array of shape {shape} it raises: ValueError: {error}") from None
        if not isinstance(found, tuple) or [np.shape(part) for part in found] != [shape, shape]:
            raise Wrong(f"For an array of shape {shape} it returns two arrays of that shape; yours does not.")
        right = [max(0.0, one) for one in z.flat], [float(one > 0) for one in z.flat]
        for what, mine, true in zip(("ReLU", "slope"), found, right, strict=True):
            yield number(np.abs(np.ravel(mine) - true).max(), f"shape {shape}: error of the {what}") == 0


def sigmoid(z):
    """1 / (1 + exp(−z)) for every number of the array z, exact and without overflow."""
    import numpy as np

    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def check_sigmoid(sigmoid):
    """Overflows are counted, then numbers compared with ones of many digits."""
    import mpmath
    import numpy as np

    overflows = []
    z = np.array([-1e4, -720.0, -700.0, -40.0, -1.0, 0.0, 2.0, 30.0, 800.0, 1e4])
    with np.errstate(all="ignore", over="call", invalid="call", call=lambda kind, _: overflows.append(kind)):
        found = np.asarray(sigmoid(z.copy()), dtype=float)
    if found.shape != z.shape:
        raise Wrong(f"For {len(z)} numbers it returns {len(z)}; yours has shape {found.shape}.")
    yield number(len(overflows), "operations that overflowed or were invalid") == 0
    with mpmath.workdps(400):
        right = np.array([float(1 / (1 + mpmath.exp(-one))) for one in z])
    for one, mine, true in zip(z, found, right, strict=True):
        yield number(abs(mine - true) / max(true, 5e-324), f"relative error at z = {one:g}") <= 1e-9


def passed(name, **knobs):
    """Part of a small change that arrives behind the last unit."""
    return last(f"{name}/passed", **knobs)


def beats(name, *others):
    """That ``name`` passes on more than each of ``others``, by a tenth at least."""
    return reduce(and_, (passed(name) > 1.1 * passed(other) for other in others))


LESSON = Lesson(
    covers=("D03",),
    after="backpropagation",
    run=run,
    knobs=Knobs,
    takeaways=(
        "The sigmoid's slope is at most ¼, that of tanh at most 1, and both are nearly 0 far from z = 0.",
        "A ReLU passes a change whole or not at all; a leaky one passes at least its leak.",
        "Units in a row pass on the product of slopes and weights: with weights of 1, six sigmoids at most 1/4096.",
    ),
    show=("slope", "passed on by units in a row", "activation", "slopes in a row"),
    rows=("S4-09", "S2-11", "S3-42", "S3-43"),
    predictions=(
        Prediction(
            "x is sent through the tanhs in a row, and moved by a little. What part of the move arrives?",
            choices={
                "more than a tenth": passed("tanh") > 0.1,
                "a tenth to a hundredth": passed("tanh").between(0.01, 0.1),
                "less than a hundredth": passed("tanh") < 0.01,
            },
            why="Slopes and weights multiply, and each slope is that at the unit's own sum, the larger the nearer "
            "it is to 0. With weights up to 1 each sum is nearer to 0 than the one before.",
        ),
        Prediction(
            "Which activation passes on the most behind the last unit?",
            choices={
                "sigmoid": beats("sigmoid", "tanh", "ReLU", "leaky ReLU"),
                "tanh": beats("tanh", "sigmoid", "ReLU", "leaky ReLU"),
                "ReLU and leaky alike": beats("ReLU", "sigmoid", "tanh") & (passed("ReLU") == passed("leaky ReLU")),
                "leaky ReLU alone": beats("leaky ReLU", "sigmoid", "tanh", "ReLU"),
            },
            why="Where x is positive both ReLUs have slope 1 in each unit, and no sigmoid or tanh has more. Elsewhere "
            "the ReLU has slope 0 and the other its leak, which a curve that is not yet flat exceeds.",
        ),
    ),
    claims=(
        Claim(
            "The sigmoid's largest slope is ¼, that of tanh 1; four sigmoids pass less than 1/256, even from 0",
            last("sigmoid/largest slope") == 0.25,
            last("tanh/largest slope") == 1,
            passed("sigmoid", units=4, x=0.0) < 1 / 256,
            seeds=3,
        ),
        Claim(
            "At 8 the sigmoid's slope is 0.0003, that of tanh below a millionth; at 3 the first is 0.045",
            last("sigmoid/slope at 8").between(3e-4, 4e-4),
            last("tanh/slope at 8") < 1e-6,
            last("sigmoid/slope at 3", span=3.0).between(0.0447, 0.0457),
        ),
        Claim(
            "From 1 two sigmoids pass 0.043, six a ten-thousandth, six tanhs a thirteenth, six ReLUs all; from −1 none",
            passed("sigmoid", units=2).between(0.0430, 0.0433),
            passed("sigmoid").between(0.9e-4, 1.2e-4),
            passed("tanh", units=1).between(0.4195, 0.4205),
            passed("tanh").between(1 / 13.5, 1 / 12.5),
            passed("ReLU") == 1,
            passed("ReLU", x=-1.0) == 0,
            seeds=3,
        ),
    ),
    quiz=quiz("""
        ? [compute] A sigmoid unit's output is 0.9. What is its slope there?
        - 0.25
        + 0.09
        - 0.1
        = σ·(1 − σ) = 0.9 · 0.1. ¼ is its largest, at z = 0; 0.1 is only the factor 1 − σ.

        ? [compute] ReLUs in a row have weights of 2, and x is positive. What part of a small change of x arrives
          behind the fifth?
        - All of it: each slope is 1
        + 16 times the change
        - Ten times the change: 5 · 2
        = Weights multiply too, and there are four between five units: 2⁴. So ReLUs can also make a change grow.

        ? [foresee] A textbook's figure of a sigmoid and its slope ends at z = 3. What does the slope do from 3 to 8?
        - Little: the curve is flat from 3 on
        + It falls to less than a hundredth
        - It falls to about a third, as 3 is to 8
        = At 3 it is still 0.045, at 8 it is 0.0003: far out it falls as e⁻ᶻ. `span` 3 draws the figure that hides it.
        & S4-09
    """),
    exercises=(
        Exercise(
            "Send a negative x through six units or more. The ReLUs pass nothing, and leaky ones are to pass over 1 %.",
            knob_value("x") < 0,
            knob_value("units") >= 6,
            passed("leaky ReLU") > 0.01,
            passed("ReLU") == 0,
            solution={"x": -1.0, "leak": 0.5},
            hints=("Below 0 each leaky unit passes its leak. Which leak, to the power of six, is over 0.01?",),
        ),
        CodeExercise(
            "This ReLU works for one number, and fails for an array. Repair both values that it returns.",
            relu,
            check_relu,
            broken={"np.maximum(0, z), np.where(z > 0, 1.0, 0.0)": "max(0, z), 1.0 if z > 0 else 0.0"},
            hints=(
                "`z > 0` of an array is an array: five answers where `max` and `if` need one.",
                "NumPy has a function for the larger of two, number by number, and one that chooses by a condition.",
            ),
            mistakes=(11,),
        ),
        CodeExercise(
            "For large negative z this sigmoid overflows, and what is left of it is 0. Write it so that exp only meets "
            "numbers ≤ 0.",
            sigmoid,
            check_sigmoid,
            broken={
                "    small = np.exp(-np.abs(z))\n": "",
                "np.where(z >= 0, 1 / (1 + small), small / (1 + small))": "1 / (1 + np.exp(-z))",
            },
            hints=(
                "Multiply 1 / (1 + e⁻ᶻ) above and below by eᶻ: a second form, that is good for negative z.",
                "`np.where` computes both of its branches, so neither may overflow: use exp(−|z|) in both.",
            ),
        ),
    ),
    sources=(
        "X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010",
        "A. Maas, A. Hannun, A. Ng: Rectifier nonlinearities improve neural network acoustic models, ICML 2013",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, section 6.3 (hidden units)",
    ),
)
