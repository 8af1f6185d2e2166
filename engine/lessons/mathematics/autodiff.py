"""Autodiff: a number that remembers

PyTorch computes the slope of any formula you type, though nobody told it a rule for that formula. How? Such a machine
fits into thirty lines, and you can write it.

**Three rules.** How fast does the result of one step react to what goes in? That is the *slope* of the step.

    a + b       1 for a and 1 for b
    a · b       b for a and a for b      (product rule)
    tanh a      1 − tanh² a

**Remember.** A `Value` is a number that knows its *parents*, the values it was computed from, and the slope for each.
Python's `+` and `*` are *overloaded*: between two Values they call our methods. Computing builds a *graph*.

**Backward.** The *gradient* of a value says how fast the result L reacts to it. L's own is 1. Then, from L back:

    gradient of parent  +=  slope · gradient of child      (chain rule)

It is `+=` because several ways may lead to L, and ways add. A value passes on only once all its children, which were
computed from it, have reported. One walk gives the gradient of every input; nudging computes L twice for each.

Check it by hand: L = (x + y)·y at x = 2, y = 3. With a = x + y = 5, L gives a 3 and y 5. Then a gives x 3 and y
3 more: 3 and 8. PyTorch's autograd does this with arrays. As it adds, training has to call `zero_grad`.

**Predict, then run.** What would `=` for `+=` make of y's 8? **Watch** the numbers travel back, then the tangents.
**Break it:** choose a `bug`, then an expression that hides it.
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    knob,
    last,
    number,
    pace,
    quiz,
)


class Value:
    """A number that remembers its parents, and how fast it reacts to each of them."""

    def __init__(self, data, parents=(), slopes=(), form="input"):
        self.data, self.parents, self.slopes, self.form = data, parents, slopes, form
        self.gradient = 0.0

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1.0, 1.0), "{} + {}")

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data), "{} · {}")  # key: the product rule

    def tanh(self):
        import math

        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,), "tanh {}")

    def order(self):
        """Everything this was computed from, each once and parents first; itself last."""
        found = []

        def visit(node):
            if node not in found:
                for parent in node.parents:
                    visit(parent)
                found.append(node)  # key: after its parents, so backward it comes before them

        visit(self)
        return found

    def pass_back(self):
        for parent, slope in zip(self.parents, self.slopes, strict=True):
            parent.gradient += slope * self.gradient  # key: the chain rule multiplies, ways add

    def backward(self):
        self.gradient = 1.0
        for node in reversed(self.order()):
            node.pass_back()


EXPRESSIONS = {
    "(x + y)·y": lambda x, y: (x + y) * y,
    "tanh(x·y)": lambda x, y: (x * y).tanh(),
    "a + tanh a, a = x·y": lambda x, y: (lambda a: a + a.tanh())(x * y),
    "b·b, b = x·x + y": lambda x, y: (lambda b: b * b)(x * x + y),
}
BUGS = ("none", "overwrites", "passes on too early")


class Knobs(KnobSet):
    expression: str = knob("(x + y)·y", choices=tuple(EXPRESSIONS), help="the formula of L")
    x: float = knob(2.0, -3.0, 3.0, help="the first input")
    y: float = knob(3.0, -3.0, 3.0, help="the second input")
    bug: str = knob("none", choices=BUGS, help="a mistake built into the way back")
    pace: int = pace(1)


def early_order(root):
    """Backward as one first meets the nodes: each passes on once, though it may not have heard of all its children."""
    met = [root]
    for node in met:
        met += dict.fromkeys(parent for parent in node.parents if parent not in met)
    return met


def go_back(order, bug, count):
    """The gradients once the first ``count`` nodes have passed back."""
    for node in order:
        node.gradient = float(node is order[0])
    for node in order[:count]:
        for parent, slope in links(node):
            parent.gradient = slope * node.gradient + (0.0 if bug == "overwrites" else parent.gradient)


def run(lab, k):
    formula = EXPRESSIONS[k.expression]
    x, y = Value(k.x), Value(k.y)
    root = formula(x, y)
    nodes = [x, y, *(node for node in root.order() if node.parents)]
    names = dict(zip(nodes, [*"xyabc"[: len(nodes) - 1], "L"], strict=True))
    for step in lab.steps(len(nodes), unit="nodes forward"):
        show(lab, names, nodes[: step + 1])
        node = nodes[step]
        said = [names[node], node.form.format(*(names[parent] for parent in node.parents)), f"{node.data:.4g}"]
        slopes = [f"slope for {names[parent]}: {slope:.4g}" for parent, slope in links(node)]
        lab.text("this step", "\n".join([" = ".join(said), *slopes]))
    backward = early_order(root) if k.bug == "passes on too early" else [*reversed(root.order())]
    for step in lab.steps(len(backward), unit="nodes backward"):
        go_back(backward, k.bug, step + 1)
        node = backward[step]
        said = [f"{names[node]} has the gradient {node.gradient:.4g}" + " and passes on" * bool(node.parents)]
        for parent, slope in links(node):
            said.append(f"{slope:.4g} · {node.gradient:.4g} to {names[parent]}, which has {parent.gradient:.4g} now")
        lab.text("this step", "\n".join(said))
        show(lab, names, nodes, gradient=[node.gradient for node in nodes])
    go_back(backward, k.bug, len(backward))
    check(lab, formula, {"x": k.x, "y": k.y}, {"x": x.gradient, "y": y.gradient})
    go_back([*reversed(root.order())], "overwrites", len(nodes))
    lab.results(**{"bug": BUGS.index(k.bug), "y/overwritten": y.gradient})


def links(node):
    return list(zip(node.parents, node.slopes, strict=True))


def show(lab, names, known, **values):
    """The graph with the numbers that are known so far: every node to the right of its parents."""

    def depth(node):
        return 1 + max((depth(parent) for parent in node.parents), default=-1)

    deepest, heights = max(map(depth, names)), {"x": 0.8, "y": 0.2, "L": 0.5}
    places = {names[n]: (depth(n) / deepest, heights.get(names[n], 0.5 - 0.2 * (-1) ** depth(n))) for n in known}
    pairs = [(names[parent], names[node], slope) for node in known for parent, slope in links(node)]
    values = {"value": [node.data for node in known], **values}
    slopes = [slope for *_, slope in pairs]
    lab.graph("graph", places, [pair[:2] for pair in pairs], values=values, weights={"slope": slopes})


def check(lab, formula, at, found):
    """Nudge each input both ways, and draw L along it with the tangent that backward claims."""
    import numpy as np

    def result(**moved):
        return formula(*(Value(value) for value in {**at, **moved}.values())).data

    rows, h = [], 1e-5
    for name, here in at.items():
        nudged = (result(**{name: here + h}) - result(**{name: here - h})) / (2 * h)
        agrees = abs(nudged - found[name]) < 1e-6 * (1 + abs(nudged))
        rows.append((name, found[name], nudged, "agrees" if agrees else "differs"))
        lab.results(**{f"{name}/backward": found[name], f"{name}/nudged": nudged})
    lab.results(wrong=sum(row[3] == "differs" for row in rows))
    for step in lab.steps(2, unit="inputs checked"):
        name, slope, *_ = rows[step]
        lab.table("gradient check", ("input", "backward", "nudged", "verdict"), rows[: step + 1])
        t = at[name] + np.linspace(-1, 1, 81)
        lines = {"L": [result(**{name: one}) for one in t], "tangent": result() + slope * (t - at[name])}
        lab.curve(f"L along {name}", t, {"here": (at[name], result())}, axes=(name, "L"), **lines)


def check_value(value):
    import math

    def tanh(a):
        return a.tanh() if hasattr(a, "tanh") else math.tanh(a)

    cases = {
        "x·y": lambda x, y: x * y,
        "x·x": lambda x, y: x * x,
        "a + tanh a, a = x·y": lambda x, y: (lambda a: a + tanh(a))(x * y),
        "a·(a + tanh a), a = x + y": lambda x, y: (lambda a: a * (a + tanh(a)))(x + y),
    }
    for name, formula in cases.items():
        x, y = value(0.7), value(-0.4)
        (root := formula(x, y)).backward()
        nudged = [(formula(0.7 + h, -0.4 + g) - formula(0.7 - h, -0.4 - g)) / 2e-5 for h, g in ((1e-5, 0), (0, 1e-5))]
        off = max(abs(float(one.gradient) - slope) for one, slope in zip((x, y), nudged, strict=True))
        yield number(abs(root.data - formula(0.7, -0.4)), f"{name}: error of the value") <= 1e-12
        yield number(off, f"{name}: largest error of a gradient") <= 1e-8


LESSON = Lesson(
    covers=("A08",),
    after="chain-rule",
    run=run,
    knobs=Knobs,
    minutes=15,
    show=("graph", "this step", "gradient check", "L along y", "L along x"),
    takeaways=(
        "Autodiff needs a slope for each kind of step; the chain rule then handles every formula built of them.",
        "Going back, slopes multiply along a way and ways add, so gradients are added up and have to start at 0.",
        "A value passes on only after all that used it: that is why the graph is walked in reverse order.",
    ),
    predictions=(
        Prediction(
            "Suppose every report to a value overwrote the one before, `=` for `+=`. Which gradient would y end with?",
            last("y/overwritten"),
            "Only the last report is left. In (x + y)·y first L reports x + y to y, then the sum reports y.",
            within=0.02,
        ),
        Prediction(
            "How many of the two gradients will the check find wrong?",
            choices={name: last("wrong") == count for count, name in enumerate(("none", "one", "both"))},
            why="Without a bug none. A bug only shows where a value is used more than once; what it spoils it also "
            "spoils in everything further back, unless a slope near 0 hides it.",
        ),
    ),
    claims=(
        Claim("(x + y)·y at 2, 3 has the gradients 3 and 8", last("x/backward") == 3, last("y/backward") == 8, seeds=2),
        Claim("Overwriting makes 3 of the 8", last("y/backward", bug="overwrites") == 3, seeds=2),
        Claim(
            "Passing on too early spoils both gradients of a + tanh a, and none of (x + y)·y",
            last("wrong", bug="passes on too early", expression="a + tanh a, a = x·y", x=0.5, y=0.8) == 2,
            last("wrong", bug="passes on too early") == 0,
        ),
    ),
    exercises=(
        Exercise(
            "Build in `overwrites`, and find an expression whose gradients are right all the same.",
            last("bug") == 1,
            last("wrong") == 0,
            solution={"bug": "overwrites", "expression": "tanh(x·y)", "x": 0.5},
            hints=("Which expression uses nothing twice? Such a test proves little about the machine.",),
        ),
        CodeExercise(
            "Build the machine: `*` and tanh compute the right number, but forget where it came from. Give each its "
            "parents, and its slope for each parent.",
            Value,
            check_value,
            broken={"(self, other), (other.data, self.data)": "(), ()", "(self,), (1 - t * t,)": "(), ()"},
            hints=("Look at `__add__`. The slope of a product for one factor is the other.", "tanh: 1 − t·t."),
            rows=("S4-134", "S0-19"),
        ),
        CodeExercise(
            "Its way back is wrong twice: what is passed back, and in which order. Repair `order` and `pass_back`.",
            Value,
            check_value,
            broken={
                "if node not in found:": "if node not in found:\n                found.append(node)",
                "                found.append(node)  # key: after its parents, so backward it comes before them\n": "",
                "+= slope * self.gradient  # key: the chain rule multiplies, ways add": "= slope * self.gradient",
            },
            hints=("x·x uses x twice.", "`order` promises parents first: when may a node be appended?"),
        ),
    ),
    quiz=quiz("""
        ? [compute] L = a·a + a with a = 3. Someone writes `=` for `+=` on the way back. L passes back first, then a·a,
          which reports once for each of its factors. Which gradient has a then, instead of 7?
        - 1
        - 6
        + 3
        - 4
        = L reports 1, then a·a reports 3 twice, each over what was there. Only the last report is left.

        ? [foresee] In PyTorch a loss is computed and `loss.backward()` called; then both again, with the same weights,
          without `zero_grad()`. What is in `w.grad`?
        - The gradient, as the second call overwrites the first
        + Twice the gradient
        - An error: gradients can be computed only once
        = Within one pass back ways have to add, so `.grad` adds; nobody empties it between two passes. What is an
          error, unless asked for, is a second `backward` through one and the same graph.

        ? [foresee] b = tanh a, L = a + b. Backward has just left L. Which of a and b has to pass on first?
        - a: it is a direct parent of L
        + b
        - Either: addition does not depend on order
        = b still has to report to a. If a passes on now, its parents never hear of that share.
        @ backpropagation
    """),
    sources=(
        "A. Griewank, A. Walther: Evaluating Derivatives, 2nd edition, SIAM 2008, chapter 3",
        "A. G. Baydin et al.: Automatic differentiation in machine learning: a survey, JMLR 18 (2018), 1-43",
    ),
)
