"""Symbolic algebra: exact answers from rewritten trees

How can a program differentiate a formula without putting in a single number? And why do networks not do it that way?

**A formula is a tree.** In x·sin(x²) the root is the product; below it are x and the sine, below that a power: 6
*nodes* in all. To differentiate it, write d on top. Each rule replaces one d by what stands for it, until none is left:

    d(a + b) = d(a) + d(b)      d(a · b) = d(a)·b + a·d(b)
    d(aⁿ) = n·aⁿ⁻¹ · d(a)       d(sin a) = cos a · d(a)
    d(x) = 1                    d of a number = 0

By hand: d(x·sin x²) = 1·sin x² + x·cos x²·(2·x·1). *Simplifying* is rewriting, too: 1·a becomes a.

**Exact.** SymPy works so, with fractions and roots: 1/10 + 2/10 is 3/10, (√2)² is 2. It *expands* (x + 1)³ − x³ to
3x² + 3x + 1, and *factors* sums into products. A *float* keeps 53 bits and rounds. But most equations, such as
cos x = x, have no formula for their roots; there SymPy computes digits, too.

**The Laplacian** adds the second derivatives along x, y and z. For 1/r, the shape of a point charge's potential, it is
0 everywhere but at r = 0: three curves cancel. Yet through every sphere around the charge the slope of 1/r adds up to
−4π, its *flux*: all of that sits at r = 0. `lambdify` turns a formula into a function of floats.

**Autodiff**, which trains networks, applies the same rules to numbers at one point and computes each shared part once.
A tree writes it again at each place: formulas *swell*.

**Predict, then run.** **Watch** the d's move down the tree and vanish.
**Break it:** differentiate three times without simplifying: 6 nodes become 479.
"""

from fractions import Fraction

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    knob,
    last,
    number,
    pace,
    quiz,
)

LOGISTIC = ("·", 4, ("·", "x", ("+", 1, ("·", -1, "x"))))
FORMULAS = {
    "x sin(x^2)": ("·", "x", ("sin", ("^", "x", 2))),
    "(x + 1)^3": ("^", ("+", "x", 1), 3),
    "1/sqrt(x^2 + 1)": ("^", ("+", ("^", "x", 2), 1), Fraction(-1, 2)),
    "4u(1 - u), u = 4x(1 - x)": ("·", 4, ("·", LOGISTIC, ("+", 1, ("·", -1, LOGISTIC)))),
}


class Knobs(KnobSet):
    formula: str = knob("x sin(x^2)", choices=tuple(FORMULAS), help="what is differentiated")
    times: int = knob(1, 1, 3, help="how often it is differentiated")
    simplify: str = knob("yes", choices=("yes", "no"), help="whether each derivative is simplified")
    away: float = knob(0.5, 0.1, 2.0, help="y (m) of the line along which 1/r is differentiated; z is half of it")
    pace: int = pace(4)


def differentiate_here(node):
    """What replaces this node, and by which rule, if it is a d; otherwise None."""
    if not isinstance(node, tuple) or node[0] != "d":
        return None
    if not isinstance(node[1], tuple):
        return (1, "d(x) = 1") if node[1] == "x" else (0, "d of a number = 0")
    operation, a, *rest = node[1]
    if operation == "+":
        return ("+", ("d", a), ("d", rest[0])), "d(a + b) = d(a) + d(b)"
    if operation == "·":
        both = ("·", ("d", a), rest[0]), ("·", a, ("d", rest[0]))  # key: each factor is differentiated once
        return ("+", *both), "d(a · b) = d(a)·b + a·d(b)"
    if operation == "^":
        return ("·", ("·", rest[0], ("^", a, rest[0] - 1)), ("d", a)), "d(a^n) = n·a^(n-1) · d(a)"
    outer, name = (("cos", a), "cos a") if operation == "sin" else (("·", -1, ("sin", a)), "-sin a")
    return ("·", outer, ("d", a)), f"d({operation} a) = {name} · d(a)"  # key: the chain rule, times d(a)


def simplify_here(node):
    """What is simpler than this node, and why; None if no rule fits here."""
    if not isinstance(node, tuple) or len(node) < 3:
        return None
    operation, a, b = node
    if operation != "^" and all(isinstance(part, int | Fraction) for part in (a, b)):
        return a + b if operation == "+" else a * b, "two numbers make one"
    if operation == "·" and 0 in (a, b):
        return 0, "0 · a = 0"
    neutral = 0 if operation == "+" else 1
    if b == neutral:
        return a, f"a {operation} {neutral} = a"
    return (b, f"{neutral} {operation} b = b") if a == neutral and operation != "^" else None


def rewrite(node, rule, place=0):
    """The tree after ``rule`` at the first place that it fits, why, and where (in reading order); None if nowhere."""
    if found := rule(node):
        return *found, place
    at = place + 1
    for index, part in [*enumerate(node)][1:] if isinstance(node, tuple) else ():
        if found := rewrite(part, rule, at):
            return (*node[:index], found[0], *node[index + 1 :]), *found[1:]  # key: all else is left as it was
        at += len(nodes(part))
    return None


def nodes(node):
    """The node and all below it, in reading order."""
    return [node, *(one for part in node[1:] for one in nodes(part))] if isinstance(node, tuple) else [node]


def write(node):
    if not isinstance(node, tuple):
        return str(node) if str(node).isalnum() else f"({node})"
    parts = f" {node[0]} ".join(map(write, node[1:]))
    return f"({parts})" if len(node) > 2 else node[0] + (parts if parts.startswith("(") else f"({parts})")


def run(lab, k):
    formula = nodes(tree := FORMULAS[k.formula])
    frames = [(one, "the formula grows from its leaves", 0) for one in reversed(formula) if isinstance(one, tuple)]
    for _ in range(k.times):
        frames.append((("d", tree), "d asks for the derivative", 0))
        for rule in (differentiate_here, simplify_here)[: 2 if k.simplify == "yes" else 1]:
            while found := rewrite(frames[-1][0], rule):
                frames.append(found)
        tree = frames[-1][0]
    for n in lab.steps(len(frames), unit="rewritings"):
        shown, said, place = frames[n]
        lab.tree("tree", shown, marked=[place])
        lab.text("rule", f"{said}\n\n{write(shown)}")
        lab.scalars({"nodes": len(nodes(shown))})
    lab.results(formula=len(formula), shared=len(set(formula)), derivative=len(nodes(tree)))
    compare(lab)
    cancel(lab, k)
    lab.results(**{"from SymPy": miss(tree, FORMULAS[k.formula], k.times)})


def compare(lab):
    """Questions with an exact answer, and how far floats are from it."""
    import numpy as np
    import sympy
    from scipy import integrate, optimize

    x, rows, matrix, bell = sympy.Symbol("x"), [], [[4, 2], [1, 3]], lambda t: np.exp(-t * t)
    cubic, line = x**3 - 6 * x**2 + 11 * x - 6, (x, -sympy.oo, sympy.oo)
    questions = (
        ("1/10 + 2/10", sympy.Rational(3, 10), 0.1 + 0.2),
        ("(√2)²", sympy.sqrt(2) ** 2, (2**0.5) ** 2),
        ("(x+1)³ - x³, x = 10⁶", sympy.expand((x + 1) ** 3 - x**3).subs(x, 10**6), (1e6 + 1) ** 3 - 1e6**3),
        (str(sympy.factor(cubic)), max(sympy.solve(cubic)), max(np.roots([1, -6, 11, -6]))),
        ("det [1 2; 3 4]", sympy.Matrix([[1, 2], [3, 4]]).det(), np.linalg.det([[1, 2], [3, 4]])),
        ("eigenvalue [4 2; 1 3]", max(sympy.Matrix(matrix).eigenvals()), max(np.linalg.eigvals(matrix))),
        ("∫ exp(-x²)", sympy.integrate(sympy.exp(-(x**2)), line), integrate.quad(bell, -np.inf, np.inf)[0]),
        ("cos x = x", sympy.nsolve(sympy.cos(x) - x, 1, prec=18), optimize.brentq(lambda t: np.cos(t) - t, 0, 1)),
    )
    for n in lab.steps(len(questions), unit="questions"):
        question, exact, rounded = questions[n]
        off = abs(float(sympy.Rational(float(rounded)) - exact))
        rows.append((question, str(exact), f"{off:.1e}" if off else "none", f"{rounded:.17g}"))
        lab.table("exact and float", ("question (largest)", "SymPy", "off by", "float"), rows)
    lab.results(inexact=sum(row[2] != "none" for row in rows))


def cancel(lab, k):
    """The second derivatives of 1/r along a line that passes the charge, their sum, and its flux through spheres."""
    import numpy as np
    import sympy

    axes = sympy.symbols("x y z R", positive=True)
    potential = 1 / sympy.sqrt(sum(axis**2 for axis in axes[:3]))
    at, total, lines = np.linspace(-2, 2, 161), 0, {}
    for n in lab.steps(3, unit="second derivatives"):
        second = sympy.diff(potential, axes[n], 2)
        total += second  # key: the Laplacian
        numeric = [sympy.lambdify(axes[:3], one)(at, k.away, k.away / 2) for one in (second, total)]
        lines[f"along {axes[n]}"] = numeric[0]
        lab.curve("Laplacian of 1/r", at, axes=("x (m)", "second derivative (1/m³)"), **lines, sum=numeric[1])
    rounding = np.abs(numeric[1]).max() / max(np.abs(line).max() for line in lines.values())
    flux = sympy.diff(1 / axes[3], axes[3]) * 4 * sympy.pi * axes[3] ** 2
    lab.note(f"The sum is exactly {sympy.simplify(total)}, and the flux through every sphere is {flux}.")
    lab.results(exact=float(sympy.simplify(total) == 0), flux=float(flux / sympy.pi), rounding=float(rounding))


def miss(tree, formula, times=1):
    """How far the tree is from SymPy's own derivative of the formula, at x = 1/3, with 50 digits."""
    import sympy

    ours, formula = (sympy.sympify(write(one).replace("·", "*")) for one in (tree, formula))
    apart = ours - sympy.diff(formula, "x", times)
    return abs(float(apart.subs("x", sympy.Rational(1, 3)).evalf(50)))


def check_rules(function):
    power = ("^", "x", 3)
    for formula in (7, "x", power, ("+", "x", power), ("·", power, ("sin", "x")), ("sin", power), ("cos", power)):
        tree = ("d", formula)
        while found := rewrite(tree, function):
            tree = found[0]
        if any(isinstance(node, tuple) and node[0] == "d" for node in nodes(tree)):
            raise Wrong(f"No rule fits what is left of d of {write(formula)}: {write(tree)}.")
        yield number(miss(tree, formula), f"d of {write(formula)} at x = 1/3: distance from SymPy's") <= 1e-12


LESSON = Lesson(
    covers=("B09",),
    after="autodiff",
    run=run,
    knobs=Knobs,
    show=("tree", "rule", "nodes", "Laplacian of 1/r", "exact and float"),
    takeaways=(
        "A formula is a tree; derivatives and simplifications are rules that replace one piece of it by another.",
        "Exact numbers stay fractions and roots until you ask for digits; floats round at every step.",
        "The Laplacian of 1/r is 0 except at the charge: three large second derivatives cancel.",
        "A derivative as a formula repeats shared parts and swells; autodiff computes numbers, and each part once.",
    ),
    predictions=(
        Prediction(
            "How many nodes will the derivative's tree end with? (x·sin x² itself has 6.)",
            last("derivative"),
            "The product rule writes factors twice, the chain rule repeats what is inside; lone powers end as numbers.",
            within=0.2,
        ),
        Prediction(
            "Floats add the three second derivatives of 1/r at 161 places. How large is the sum, next to the largest?",
            choices={
                "Exactly 0 everywhere, as in the formula": last("rounding") == 0,
                "Less than a billionth, but not 0": (last("rounding") > 0) & (last("rounding") < 1e-9),
                "More than a hundredth, near the charge": last("rounding") > 0.01,
            },
            why="The formula is 0 away from the charge. Floats are rounded at the 16th digit; that does not cancel.",
        ),
    ),
    claims=(
        Claim(
            "Nodes: x sin x² 6, its derivative 21, simplified 15, third unsimplified 479; logistic map 25, of 12 kinds",
            last("formula") == 6,
            last("derivative", simplify="no") == 21,
            last("derivative") == 15,
            last("derivative", simplify="no", times=3) == 479,
            last("formula", formula="4u(1 - u), u = 4x(1 - x)") == 25,
            last("shared", formula="4u(1 - u), u = 4x(1 - x)") == 12,
        ),
        Claim("SymPy agrees", *(last("from SymPy", formula=f, times=2) < 1e-30 for f in FORMULAS), seeds=2),
        Claim(
            "The Laplacian of 1/r is exactly 0, rounding in floats, its flux −4π; most of the 8 floats are off",
            last("exact") == 1,
            last("rounding").between(1e-20, 1e-12),
            abs(last("flux") + 4) < 1e-12,
            last("inexact") >= 5,
            seeds=2,
        ),
    ),
    exercises=(
        Exercise(
            "Choose formula and times so that the derivative's tree is a single node.",
            last("derivative") == 1,
            solution={"formula": "(x + 1)^3", "times": 3},
        ),
        CodeExercise(
            "Two of these rules are what many write first. Repair them.",
            differentiate_here,
            check_rules,
            broken={
                'both = ("·", ("d", a), rest[0]), ("·", a, ("d", rest[0]))': 'both = ("d", a), ("d", rest[0])',
                'return ("·", outer, ("d", a)), f"d(': 'return outer, f"d(',
            },
            hints=("The product rule keeps the other factor.", "sin(x³): the slope outside, times the slope inside."),
        ),
    ),
    quiz=quiz("""
        ? [compute] In which of these does SymPy give 1/3?
        - `sympy.Integer(1) * (1 / 3)`
        + `sympy.Integer(1) / 3`
        - `sympy.Rational(1 / 3)`
        = Python computes 1 / 3 first, as a float, and Rational keeps all 53 rounded bits. An Integer divides exactly.
        & S0-11

        ? [foresee] Someone needs the roots of x⁵ − x − 1 and calls `sympy.solve`. What can be expected?
        - Five roots, written with fifth roots
        - The digits of five roots, as from NumPy
        + Five names, such as `CRootOf(…, 0)`
        = Most equations from degree 5 on have no formula in roots. SymPy names theirs; `nroots` gives digits.
        & S0-15

        ? A network's loss has a million weights. Why is its gradient not computed with SymPy?
        - SymPy has no rule for the functions in networks
        - Gradients without rounding would overfit
        + As formulas, shared parts are repeated
        = Exact gradients are the same gradients. Autodiff has their values for a few times the loss's own cost.
        & S0-17
    """),
    sources=(
        "A. Meurer et al.: SymPy: symbolic computing in Python, PeerJ Computer Science 3 (2017), e103",
        "A. G. Baydin et al.: Automatic differentiation in machine learning: a survey, JMLR 18 (2018), section 2.2",
        "D. J. Griffiths: Introduction to Electrodynamics, 4th edition, Pearson 2013, section 1.5 (delta function)",
    ),
    rows=("S0-10", "S0-12", "S0-16", "S0-20"),
)
