"""The Fourier transform: a tone between two bins

Which tones are in a signal, and how loud is each? Why does a pure tone of height 1 sometimes show up as two of 0.64?

**Winding.** Turn each sample, as an arrow, ever further around a circle at some frequency, and join the arrows head to
tail (*walk*). A tone of another frequency walks in circles. A tone of this very frequency goes straight on; half a turn
off it bends to a half circle, whose length of 1 spans 2/π = 0.64. For N samples x₀ … taken at `rate`:

    Xₖ = Σ xₙ · e^(−2πi · k n / N)      height of bin k = 2 |Xₖ| / N

Check it by hand on 0, 1, 0, −1: bin 1 gives 1·(−i) + (−1)·(i) = −2i, so its height is 2 · 2 / 4 = 1.

**Bins** 0 to N/2 are `rate`/N apart: the frequencies that make a whole number of turns in N samples. Here 800/600 =
1.33 Hz, so 80 Hz is bin 60 and 50 Hz is "bin 37.5". What falls between two bins *leaks* into all of them.

**The curve between the bins** is the same sum for any frequency: 1 at 50 Hz, but there is no bin.

**Aliasing.** Above half the rate a tone gives the samples of a lower one, up to sign: it shows up folded back.

**A window** fades the signal in and out (Hann: a raised cosine). Less leaks far away, the peak gets broader.

The *fast* Fourier transform gives the same Xₖ in about N log₂ N operations instead of N².

**Predict, then run.** How tall is the bin nearest 50 Hz? **Watch** the bins fall beside the peak of the curve.
**Break it:** a tone of 450 Hz.
"""

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


class Knobs(KnobSet):
    samples: int = knob(600, 16, 2048, help="N, how many samples are taken")
    rate: float = knob(800.0, 50.0, 2000.0, help="samples per second (Hz)")
    tone: float = knob(50.0, 1.0, 1000.0, help="frequency of the first tone, of height 1 (Hz)")
    second: float = knob(80.0, 1.0, 1000.0, help="frequency of the second tone (Hz)")
    height: float = knob(0.5, 0.0, 1.0, help="height of the second tone")
    noise: float = knob(0.0, 0.0, 2.0, help="standard deviation of the noise on each sample")
    window: str = knob("none", choices=("none", "hann"), help="what the samples are faded in and out with")
    pace: int = pace(40)


def fold(frequency, rate):
    """Where a tone shows up once it is sampled: between 0 and half the rate."""
    return abs((frequency + rate / 2) % rate - rate / 2)


def run(lab, k):
    import numpy as np

    n = np.arange(k.samples)
    t = n / k.rate
    x = np.sin(2 * np.pi * k.tone * t) + k.height * np.sin(2 * np.pi * k.second * t)
    x = x + k.noise * np.random.standard_normal(k.samples)
    window = np.ones(k.samples) if k.window == "none" else 0.5 - 0.5 * np.cos(2 * np.pi * n / k.samples)
    faded = window * x
    width = k.rate / k.samples
    tone = fold(k.tone, k.rate)
    near = tone + width * np.linspace(-6, 6, 481)
    ring = np.stack([np.cos(np.linspace(0, 2 * np.pi, 181)), np.sin(np.linspace(0, 2 * np.pi, 181))], 1)
    between = np.abs(np.exp(-2j * np.pi * np.outer(near / k.rate, n)) @ faded) * 2 / window.sum()

    bins = k.samples // 2 + 1
    heights = np.zeros(bins)
    lab.track(heights=heights)
    for bin_ in lab.steps(bins):
        wound = faded * np.exp(-2j * np.pi * bin_ * n / k.samples)  # key: the signal around a circle, bin_ turns in all
        total = wound.sum()  # key: evenly spread it cancels; at the tone's own frequency it adds up
        alone = bin_ == 0 or 2 * bin_ == k.samples
        heights[bin_] = abs(total) * (1 if alone else 2) / window.sum()  # key: half of a tone is at the frequency −f
        lab.scalars({"log10 height": np.log10(max(heights[bin_], 1e-17))})
        show(lab, heights, bin_, width, near, between)
        shown = heights.argmax() if bin_ == bins - 1 else bin_  # at the end the tallest bin is looked at once more
        wound = faded * np.exp(-2j * np.pi * shown * n / k.samples)
        way = np.append(0, np.cumsum(wound)) * (1 if 2 * shown in (0, k.samples) else 2) / window.sum()
        way = np.stack([way.real, way.imag], 1)
        paths = {f"samples at {shown * width:.2f} Hz": way, "height 1": ring, "start to end": way[[0, -1]]}
        lab.points("walk", way[[0, -1]], [0, 1], ("start", "end"), paths=paths, axes=("real part", "imaginary part"))

    state_results(lab, k, heights, faded, window)


def show(lab, heights, last_bin, width, near, between):
    """The spectrum so far, and around the tone with what lies between the bins."""
    import numpy as np

    frequency = width * np.arange(last_bin + 1)
    axes = ("frequency (Hz)", "height")
    lab.curve("spectrum", frequency, axes=axes, height=heights[: last_bin + 1])
    shown = (frequency >= near[0]) & (frequency <= near[-1])
    dots = np.stack([frequency, heights[: last_bin + 1]], 1)[shown]
    dots, paths = dots if len(dots) else [(near[0], 0.0)], {"for any frequency": np.stack([near, between], 1)}
    lab.points("near the tone", dots, paths=paths, axes=axes)


def state_results(lab, k, heights, faded, window):
    import numpy as np

    width, tones = k.rate / k.samples, {"tone": fold(k.tone, k.rate), "second": fold(k.second, k.rate)}
    frequency = width * np.arange(len(heights))
    far = np.ones(len(heights), bool)
    for name, place in tones.items():
        at = np.abs(frequency - place)
        lab.results(**{f"height at {name}": float(heights[at <= 0.75 * width].max(initial=0.0))})
        far &= at > 10 * width
    fft = find_amplitudes(faded) * k.samples / window.sum()
    lab.results(tallest=float(frequency[heights.argmax()]), leak=float(heights[far].max(initial=0.0)))
    lab.results(**{"difference from FFT": float(np.abs(fft - heights).max())})


def find_amplitudes(x):
    """The height of each frequency in x, shape (n,): bins 0 … n/2, shape (n // 2 + 1,)."""
    import numpy as np

    n = len(x)
    heights = np.abs(np.fft.rfft(x)) / n
    heights[1 : (n + 1) // 2] *= 2
    return heights


def check_amplitudes(function):
    import numpy as np

    for n in (64, 63):
        i = np.arange(n)
        x = 5 + 3 * np.cos(2 * np.pi * 7 * i / n) + 2 * np.sin(2 * np.pi * 20 * i / n)
        expected = {"mean (bin 0)": (0, 5.0), "tone of bin 7": (7, 3.0), "tone of bin 20": (20, 2.0)}
        if n % 2 == 0:
            x, expected["fastest tone (bin 32)"] = x + 1.5 * np.cos(np.pi * i), (32, 1.5)
        heights = np.asarray(function(x.copy()))
        if heights.shape != (n // 2 + 1,):
            raise Wrong(f"For {n} samples there are {n // 2 + 1} heights; yours has shape {heights.shape}.")
        for name, (place, height) in expected.items():
            yield number(abs(heights[place] - height), f"{n} samples, {name}: distance from {height:g}") <= 1e-9


def convolve_fast(x, kernel):
    """The convolution of x (n,) and kernel (m,), shape (n + m - 1,), through their spectra."""
    import numpy as np

    n = len(x) + len(kernel) - 1
    return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(kernel, n), n)


def check_convolve(function):
    import numpy as np

    for n, m in ((8, 3), (100, 31), (5, 5)):
        x, kernel = np.random.default_rng(n).normal(size=n), np.random.default_rng(m).normal(size=m)
        given, expected = np.asarray(function(x.copy(), kernel.copy())), np.convolve(x, kernel)
        if given.shape != expected.shape:
            raise Wrong(f"{n} values and {m} give {n + m - 1}; yours has shape {given.shape}.")
        yield number(float(np.abs(given - expected).max()), f"{n} and {m} values: largest error") <= 1e-9


LESSON = Lesson(
    covers=("B08",),
    run=run,
    knobs=Knobs,
    minutes=12,
    show=("near the tone", "walk", "spectrum", "log10 height"),
    takeaways=(
        "A bin measures how far the samples walk when each is turned further, at the bin's frequency.",
        "A tone between two bins leaks into all of them; whole turns within the samples make its height exact.",
        "A window trades a broader peak for less leakage far from it.",
        "Above half the sampling rate a tone is indistinguishable from a lower one.",
    ),
    predictions=(
        Prediction(
            "How tall is the tallest bin beside the first tone, whose own height is 1?",
            choices={
                "As tall as the tone": last("height at tone").between(0.99, 1.01),
                "At least a tenth of it is missing": last("height at tone") < 0.9,
                "Taller by a tenth or more": last("height at tone") > 1.1,
            },
            why="It is 1 only if the samples hold a whole number of its turns, so a bin lies on it. Halfway between "
            "two bins each shows 0.64; a window changes the share, and noise or the other tone may add to it. A sine "
            "that folds to 0 or to half the rate is caught only where it is 0.",
            mistakes=(21,),
        ),
        Prediction(
            "At which frequency (Hz) does the tallest bin of all stand?",
            last("tallest"),
            "Beside the tone that is tallest once it has leaked: 0.64 of the first may be less than all of the second. "
            "A tone above half the rate stands where it folds back to.",
            within=0.04,
        ),
    ),
    claims=(
        Claim(
            "Halfway between two bins a tone of height 1 shows 0.64; a window of Hann raises that to 0.85",
            last("height at tone").between(0.635, 0.645),
            last("height at tone", window="hann").between(0.845, 0.855),
        ),
        Claim(
            "With 800 samples both tones lie on bins, and their heights are 1 and 0.5",
            abs(last("height at tone", samples=800) - 1) < 1e-9,
            abs(last("height at second", samples=800) - 0.5) < 1e-9,
        ),
        Claim(
            "From ten bins away a window of Hann leaves less than a twentieth of the leakage",
            last("leak", window="hann") < last("leak") / 20,
        ),
        Claim(
            "800 samples pull the tone out of noise of standard deviation 1",
            last("height at tone", samples=800, noise=1.0).between(0.8, 1.2),
            seeds=10,
        ),
        Claim("450 Hz at 800 samples a second shows up at 350 Hz", abs(last("tallest", tone=450.0) - 350) < 1.34),
        Claim(
            "Winding gives what the fast Fourier transform gives",
            last("difference from FFT") < 1e-9,
            last("difference from FFT", samples=601, window="hann", noise=1.0) < 1e-9,
            seeds=5,
        ),
    ),
    exercises=(
        Exercise(
            "Leave the tones, the rate and the height as they are. With fewer than 600 samples, make both heights "
            "exact: 1 and 0.5, to a millionth.",
            (knob_value("tone") == 50) & (knob_value("second") == 80),
            (knob_value("rate") == 800) & (knob_value("height") == 0.5),
            knob_value("samples") < 600,
            abs(last("height at tone") - 1) < 1e-6,
            abs(last("height at second") - 0.5) < 1e-6,
            solution={"samples": 560},
            hints=("How many turns of 50 Hz fit into N samples? Both numbers of turns are to be whole.",),
            mistakes=(21,),
        ),
        CodeExercise(
            "These heights are right for a tone and wrong for a constant signal. Fix it, for even and odd n.",
            find_amplitudes,
            check_amplitudes,
            broken={"heights[1 : (n + 1) // 2] *= 2": "heights *= 2"},
            hints=("Every tone is at f and at −f. Which bins have no partner?",),
            rows=("S2-120",),
        ),
        CodeExercise(
            "A convolution is a product of spectra. The end of this one wraps around onto its beginning: give it room.",
            convolve_fast,
            check_convolve,
            broken={"n = len(x) + len(kernel) - 1": "n = len(x)"},
            hints=("The spectra take x to repeat. How long must its period be for the whole result?",),
        ),
    ),
    quiz=quiz("""
        ? [compute] 1,000 samples are taken at 500 Hz. How far apart are the bins?
        - 2 Hz
        + 0.5 Hz
        - 1 Hz
        = rate/N = 500/1000. The samples last 2 s, and a bin is a whole number of turns in 2 s.

        ? [foresee] 600 samples at 800 Hz of a pure 50 Hz tone. What helps to read its height of 1 off one bin?
        - Averaging over many repetitions of the same 600 samples
        + 800 samples instead of 600
        - 1,000 samples instead of 600: the more, the better
        - A rate of 1,600 Hz with 1,200 samples, as the bins are then closer
        = What counts is a whole number of turns: 600 samples hold 37.5, 1,000 hold 62.5, 800 hold 50. At 1,600 Hz 1,200
          samples last as long as before, so the bins are as far apart.
        & 21

        ? [foresee] Samples are taken at 100 Hz. Where does a tone of 130 Hz show up?
        - Nowhere: it is too fast to be seen
        + At 30 Hz
        - At 70 Hz
        = Between two samples it makes 1.3 turns, which cannot be told from 0.3. Only a filter before sampling helps.

        ? Why is a window used although it makes peaks broader?
        - It removes the noise, which is strongest where the samples begin and end
        + A faint tone far from a loud one is no longer covered by leakage
        - It moves each tone onto the nearest bin, so that heights become exact
        = The transform sees the samples as one period that repeats; where the ends do not meet there is a jump, which
          needs all frequencies. Fading the ends removes it. Heights stay wrong: halfway between bins Hann shows 0.85.
    """),
    sources=(
        "J. W. Cooley, J. W. Tukey: An algorithm for the machine calculation of complex Fourier series, Mathematics of "
        "Computation 19 (1965), 297-301",
        "F. J. Harris: On the use of windows for harmonic analysis with the discrete Fourier transform, Proceedings of "
        "the IEEE 66 (1978), 51-83",
    ),
    rows=("S2-116",),
)
