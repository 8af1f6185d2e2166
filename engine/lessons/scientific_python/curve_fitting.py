"""Curve fitting: where you begin decides where you end

A computer fits a curve to noisy points, says that it has converged and even gives error bars. Can all of it be wrong?

**Least squares.** The points are 2·sin(1.5·t + 0.3) plus noise. Wanted are *amplitude* a, *frequency* b and *phase* c
with the least sum of squared *residuals* (measured − computed). RMSE is the root of their mean square.

**Gauss–Newton.** For small changes of a, b, c each residual changes almost linearly. J, the *Jacobian*, holds the
slopes of the curve. The linear problem is solved at once; repeat:

    (JᵀJ + λ·D) · step = Jᵀ · residuals

With λ = 0 that is Gauss–Newton, whose steps may overshoot. **Levenberg–Marquardt** adds *damping* λ times D, the
diagonal of JᵀJ: a step that makes the fit worse is refused and triples λ, a good one divides it by 3.

**By hand.** One parameter, slopes 1 and 2, residuals 3 and 1: the step is (1·3 + 2·1)/(1 + 4) = 1; with λ = 1 a half.

**Basins.** The squares have many minima. The starts that lead to one form its *basin*; panel 3 tries 1,650. (A few end
at *aliases* such as 35.6 rad/s, equal at these samples.) A network's loss has basins too.

**Error bars** (standard errors), roots of the diagonal of s²(JᵀJ)⁻¹ with the residuals' variance s², tell how far noise
of that size would move this minimum, not whether it is the right one. At the truth they match the *spread* of 300 more
fits.

**Predict, then run.** From 0.8, where does the frequency go? **Watch** *now* stop in the landscape. **Break it:** begin
at 1.8, and measure for 10 s, then for 30.
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)

TRUE = (2.0, 1.5, 0.3)
UNITS = ("amplitude (V)", "frequency (rad/s)", "phase (rad)")
REPEATS = 300  # of the measurement, with new noise, to check the error bars
OFF = "distance from 1.5 rad/s"
RANGES = (0.1, 4.0), (-3.0, 3.0)  # of the starting frequencies and phases on the map
COLUMNS = ("parameter", "start", "now", "error bar", "curve_fit", "true", "spread at true")


class Knobs(KnobSet):
    frequency: float = knob(0.8, 0.1, 4.0, help="where the frequency begins, in rad/s; the true one is 1.5")
    phase: float = knob(0.0, -3.0, 3.0, help="where the phase begins, in rad; the true one is 0.3")
    method: str = knob("Levenberg-Marquardt", choices=("Levenberg-Marquardt", "Gauss-Newton"), help="with λ or without")
    duration: float = knob(10.0, 3.0, 30.0, help="how long is measured, in seconds")
    points: int = knob(60, 30, 240, help="how many measurements there are, equally far apart")
    noise: float = knob(0.3, 0.0, 1.5, help="standard deviation of the noise, in volts")
    steps: int = knob(40, 10, 100, help="how many steps are tried")
    pace: int = pace(5)


def sine(t, a, b, c):
    import numpy as np

    return a * np.sin(b * t + c)


def linearise(p, t, y):
    """Residuals (n, points) and the slopes J (n, points, 3) of the curves p (n, 3)."""
    import numpy as np

    a, b, c = p.T[..., None]
    return y - sine(t, a, b, c), np.stack([sine(t, 1, b, c), a * t * np.cos(b * t + c), a * np.cos(b * t + c)], -1)


class Fits:
    """Many fits at once, from the starts ``p`` (n, 3): the learner's, and all those of the map."""

    def __init__(self, p, t, y, damped=True):
        import numpy as np

        self.p, self.t, self.y, self.damped = np.array(p, float), t, y, damped
        self.damping = np.full(len(self.p), 0.01 if damped else 0.0)
        self.residuals, self.slopes = linearise(self.p, t, y)

    def try_step(self):
        import numpy as np

        j = self.slopes
        normal, downhill = j.transpose(0, 2, 1) @ j, j.transpose(0, 2, 1) @ self.residuals[..., None]
        diagonal = np.einsum("nii->ni", normal)[:, None] * np.eye(3)
        damped = normal + self.damping[:, None, None] * diagonal + 1e-12 * np.eye(3)
        tried = self.p + np.linalg.solve(damped, downhill)[..., 0]  # key: the minimum, were the curve linear in a, b, c
        residuals, slopes = linearise(tried, self.t, self.y)
        better = (residuals**2).sum(-1) < (self.residuals**2).sum(-1)  # key: a step is taken only if it helps …
        accepted = better if self.damped else np.abs(tried).max(-1) < 1e6
        self.p = np.where(accepted[:, None], tried, self.p)
        self.residuals = np.where(accepted[:, None], residuals, self.residuals)
        self.slopes = np.where(accepted[:, None, None], slopes, self.slopes)
        self.damping = np.clip(self.damping * np.where(better, 1 / 3, 3), 0, 1e9)  # key: … and tells how far to trust J


def run(lab, k):
    import numpy as np

    t = np.linspace(0, k.duration, k.points)
    noise = k.noise * np.random.default_rng(lab.seed).normal(size=(1 + REPEATS, k.points))
    y, start = sine(t, *TRUE) + noise[0], (1.0, k.frequency, k.phase)
    grid = [(1.0, b, c) for c in np.linspace(*RANGES[1], 25) for b in np.linspace(*RANGES[0], 66)]
    fits = Fits([start, *grid], t, y, k.method != "Gauss-Newton")
    b, data = np.linspace(0.05, 4, 400), np.stack([t, y], 1)
    landscape = [lowest_rmse(t, y, value) for value in b]
    other, fine = use_scipy(t, y, start), np.linspace(0, k.duration, 300)
    for step in lab.steps(k.steps + 1):
        if step:
            fits.try_step()
        now, (rmse, *rmses) = tidy(fits.p[0]), np.sqrt((fits.residuals**2).mean(-1))
        paths = {name: np.stack([fine, sine(fine, *p)], 1) for name, p in (("start", start), ("fit", now))}
        lab.points("fit", data, 0 * t, ("measured",), paths=paths, axes=("time (s)", "voltage (V)"), aspect="auto")
        marks = {"start": (k.frequency, lowest_rmse(t, y, k.frequency)), "now": (min(now[1], 4), rmse)}
        marks["true"] = TRUE[1], lowest_rmse(t, y, TRUE[1])
        lab.curve("landscape", b, marks, axes=("frequency (rad/s)", "RMSE (V), best a and c"), best=landscape)
        lab.scalars({"RMSE": rmse, **{f"{name}/value": float(v) for name, v in zip("abc", now, strict=True)}})
        reached = np.reshape(rmses, (25, 66))
        axes, spot = ("starting frequency (rad/s)", "starting phase (rad)"), {"this start": (k.frequency, k.phase)}
        lab.field("RMSE by start", reached, *RANGES, low=0, high=2, points=spot, axes=axes, aspect="auto")
        j, variance = fits.slopes[0], (fits.residuals[0] ** 2).sum() / (k.points - 3)
        errors = np.sqrt(variance * np.diag(np.linalg.pinv(j.T @ j)))  # key: how far such noise would move it
        rows = [UNITS, start, now, errors, other, TRUE, (None,) * 3]
        lab.table("parameters", COLUMNS, list(zip(*rows, strict=True)))

    repeats = Fits([TRUE] * REPEATS, t, sine(t, *TRUE) + noise[1:])
    for _ in range(15):
        repeats.try_step()
    rows[6] = spread = repeats.p.std(0)
    lab.table("parameters", COLUMNS, list(zip(*rows, strict=True)))
    found = abs(np.abs(fits.p[1:, 1]) - TRUE[1]) < 0.1
    lab.results(RMSE=rmse, share=100 * found.mean(), error=errors[1], spread=spread[1], **{OFF: abs(now[1] - TRUE[1])})
    if other[0] is not None:
        lab.results(**{"curve_fit/distance": float(np.abs(np.subtract(other, now)).max())})


def tidy(p):
    """The same curve with amplitude and frequency positive, and its phase between −π and π."""
    import numpy as np

    a, b, c = p if p[1] >= 0 else -np.array(p)  # a·sin(bt + c) = −a·sin(−bt − c)
    return np.array([abs(a), b, (c + np.pi * (a >= 0)) % (2 * np.pi) - np.pi])


def lowest_rmse(t, y, b):
    """RMSE of the best sine of frequency b: with b given, a·sin(bt + c) is linear in a·cos c and a·sin c."""
    import numpy as np

    waves = np.stack([np.sin(b * t), np.cos(b * t)], 1)
    return float(np.sqrt(np.mean((y - waves @ np.linalg.lstsq(waves, y, rcond=None)[0]) ** 2)))


def use_scipy(t, y, start):
    """Where SciPy ends from the same start; None if it gives up."""
    from scipy.optimize import curve_fit

    try:
        return tidy(curve_fit(sine, t, y, p0=start)[0]).tolist()
    except RuntimeError:
        return (None,) * 3


def fit_sine(t, y):
    """Amplitude, frequency and phase of the sine in t (n,), y (n,); its frequency is between 0.3 and 6 rad/s."""
    import numpy as np
    from scipy.optimize import curve_fit

    def sine(t, a, b, c):
        return a * np.sin(b * t + c)

    fits = []
    for b in np.arange(0.3, 6, 0.1):
        try:
            p, _ = curve_fit(sine, t, y, p0=(1, b, 0))
        except RuntimeError:
            continue
        if abs(p[1]) <= 6:
            fits.append((np.sum((y - sine(t, *p)) ** 2), tuple(p)))
    return min(fits)[1]


def check_fit(function):
    import numpy as np

    rng = np.random.default_rng(11)
    for a, b, c in ((2.0, 1.5, 0.3), (1.0, 0.7, -1.0), (3.0, 4.2, 2.0)):
        t = np.linspace(0, 12, 90)
        y = a * np.sin(b * t + c) + 0.2 * rng.normal(size=90)
        p = np.asarray(function(t.copy(), y.copy()), float)
        rmse = np.sqrt(np.mean((y - p[0] * np.sin(p[1] * t + p[2])) ** 2))
        yield number(rmse, f"RMSE in volts for {a:g}·sin({b:g}t + {c:g}), whose noise is 0.2") <= 0.25
        yield number(abs(abs(p[1]) - b), f"distance of the frequency from {b:g}") <= 0.05


LESSON = Lesson(
    covers=("B05",),
    run=run,
    knobs=Knobs,
    show=("fit", "landscape", "RMSE by start", "value", "parameters"),
    takeaways=(
        "A fit that has converged is at a minimum; which one is decided by the values it began with.",
        "Standard errors say how far noise as large as the residuals would move this minimum, not whether it is right.",
        "A longer record pins a frequency down better, and must be begun closer to it.",
    ),
    predictions=(
        Prediction(
            "Where will the frequency of this fit come to rest?",
            choices={
                "at 1.5, as near as the noise allows": last(OFF) * knob_value("duration") < 2,
                "at another one": last(OFF) * knob_value("duration") > 5,
            },
            why="It ends in the valley it begins in, or is thrown into. The truth's reaches 2π / duration each way.",
        ),
        Prediction(
            "1,650 starts are tried: frequencies 0.1 to 4, phases −3 to 3. How many percent come within 0.1 of 1.5?",
            last("share"),
            "A longer record narrows the valley of the truth; outside it the first steps decide, so the map is ragged.",
            within=0.25,
        ),
    ),
    claims=(
        Claim(
            "From 0.8 the frequency rests near 0.59, as in curve_fit; RMSE over 1.2 V, the truth three error bars off",
            last(OFF).between(0.85, 0.97) & (last("RMSE") > 1.2),
            (last("error") < 0.25) & (last(OFF) > 3 * last("error")) & (last("curve_fit/distance") < 0.05),
            seeds=10,
        ),
        Claim(
            "From 1.4 the truth is found, as by curve_fit; its error bar is within a third of the spread over 300",
            last(OFF, frequency=1.4) < 0.05,
            last("RMSE", frequency=1.4).between(0.2, 0.4),
            last("curve_fit/distance", frequency=1.4) < 1e-4,
            (last("error", frequency=1.4) / last("spread", frequency=1.4)).between(0.67, 1.33),
            seeds=10,
        ),
        Claim(
            "Three of ten starts on the map reach the truth, undamped fewer, with 20 s half; 1.8 does in 10 s, not 30",
            last("share").between(25, 38),
            (last("share", duration=20.0) / last("share")).between(0.4, 0.65),
            last("share", method="Gauss-Newton") < 0.75 * last("share"),
            (last(OFF, frequency=1.8) < 0.05) & last(OFF, frequency=1.8, duration=30.0).between(0.25, 0.33),
            seeds=10,
        ),
    ),
    exercises=(
        Exercise(
            "Find the truth with the 10 s that were measured: turn the starting frequency.",
            (knob_value("duration") == 10) & (knob_value("phase") == 0),
            last(OFF) < 0.05,
            solution={"frequency": 1.4},
            hints=("Between which two crests of the landscape must it begin?",),
        ),
        CodeExercise(
            "`curve_fit` begins with every parameter at 1 unless it is told otherwise; so does this, nearly, and finds "
            "one of three sines. Make it find all, their frequencies being unknown.",
            fit_sine,
            check_fit,
            broken={
                "np.arange(0.3, 6, 0.1)": "(1.0,)",
                "        if abs(p[1]) <= 6:\n    ": "",
                "min(fits)[1]": "fits[0][1]",
            },
            hints=("Try many b. Of the fits the one with the least squares is wanted.", "Is |b| within its range?"),
        ),
    ),
    quiz=quiz("""
        ? [foresee] `curve_fit` gives, without a warning, a frequency of 0.59 ± 0.14. It is 1.5. How can that be?
        - It stopped before it had converged: it needs more steps
        + 0.14 only says how far noise would move this minimum
        - The error bars hold for two of three cases only
        = The covariance is made of slopes and residuals where the fit came to rest. That there is a deeper valley
          elsewhere cannot be seen in them. An RMSE far above the noise gives it away.
        & S0-07

        ? [compute] 60 points give a standard error of 0.010. About what do 240 in the same 10 s give?
        - 0.010: the noise has not changed
        + 0.005
        - 0.0025
        = JᵀJ is a sum over the points: four times as large, and its inverse's root is half.

        ? [foresee] Two networks that differ in their initial weights alone are trained to the end. What is expected?
        - The same weights: the loss decides where training ends
        - The same weights, if the rate is small enough
        + Different weights, often with similar losses
        = Small steps end in the basin in which they begin. Unlike here, a wide network's are about equally good.
    """),
    sources=(
        "K. Levenberg: A method for the solution of certain non-linear problems in least squares, Q. Appl. Math. 1944",
        "D. W. Marquardt: An algorithm for least-squares estimation of nonlinear parameters, J. SIAM 11 (1963)",
        "J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed., Springer 2006, chapter 10",
    ),
    rows=("S0-07",),
)
