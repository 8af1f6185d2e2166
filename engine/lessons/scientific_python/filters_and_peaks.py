"""Filters and peaks: smooth now, pay in delay

How often did this rat's heart beat in a second? The samples are noisy, so you smooth them first. Can the smooth curve
be further from the truth than the noise was?

A *filter* slides over the samples x. Each output y weighs the newest ones and, if it has *feedback*, its own last ones:

    yₙ = b₀·xₙ + b₁·xₙ₋₁ + … − a₁·yₙ₋₁ − a₂·yₙ₋₂ − …

A convolution layer is this sum without feedback, its weights learned. Feedback is what recurrent networks add.

**Low-pass.** Its *gain*, height out by height in, is near 1 for slow tones and near 0 for fast ones. At the *cut-off*
it is 1/√2 = 0.71. *Butterworth* filters have the flattest gain near 0 Hz. `butter(3, 0.1)` counts the cut-off in
halves of the sampling rate: at 200 samples a second 0.1 is 10 Hz, unless you pass `fs`.

**Delay.** A filter that sees only the past, a *causal* one, lags. Check by hand: the `filter` average takes the mean
of the newest 9 samples. They are 0 to 8 samples old, 4 on average: at 5 ms a sample it lags by 20 ms.

**Both ways** (`filtfilt`): it runs again, backward over its own output. No delay, the gain squared; but never live.

**Peaks** are samples above both neighbours: noise is full of them. *Prominence* is how far you must descend from a peak
before you can climb higher: small for a ripple, large for a beat.

**Predict, then run.** Which curve is furthest from the tone? **Watch** the first pass lag and the second one undo it.
**Break it:** with a cut-off of 0.03, 3 Hz, both ways no beat is left.
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

BEATS = 5  # Hz, a resting rat's heart, the tone that is looked for; the recording lasts a second


class Knobs(KnobSet):
    cutoff: float = knob(0.1, 0.03, 0.95, help="in halves of the sampling rate; a mean is of 0.886/cutoff samples")
    filter: str = knob("low-pass", choices=("low-pass", "high-pass", "average"), help="Butterworth's; or a mean")
    order: int = knob(3, 1, 6, help="of Butterworth's filter: how many past samples and outputs it weighs")
    rate: int = knob(200, 50, 400, help="samples taken in the one second (Hz)")
    noise: float = knob(0.5, 0.0, 2.0, help="standard deviation of the noise; the tone has height 1")
    prominence: float = knob(0.5, 0.01, 2.0, help="how prominent a peak must be to be counted as a beat")
    pace: int = pace(40)


def design(k):
    """The weights b of samples and a of outputs, the newest first."""
    import numpy as np
    from scipy import signal

    if k.filter == "average":
        length = max(2, round(0.886 / k.cutoff))
        return np.full(length, 1 / length), np.eye(length)[0]
    return signal.butter(k.order, k.cutoff, k.filter.removesuffix("-pass"))


def run(lab, k):
    import numpy as np

    from descend.engine.lab.formulas import write_dot_product

    t = np.arange(k.rate) / k.rate
    tone = -np.cos(2 * np.pi * BEATS * t)
    x = tone + k.noise * np.random.standard_normal(k.rate)
    lab.points("signal", np.stack([t, x], 1), axes=("time (s)", "height"), aspect="auto")
    b, a = design(k)
    kernel = show_filter(lab, k, b, a)
    y = np.zeros((2, k.rate))
    lab.track(y=y)
    weights, ages = np.append(b, -a[1:]), range(len(b))
    names, used = np.array([f"x-{age}" for age in ages] + [f"y-{age}" for age in ages[1:]]), weights != 0
    for way, name in enumerate(("forward", "backward")):
        source = y[0, ::-1] if way else x  # key: the second pass reads the first one's output from its end
        rest = source[0] * (k.filter != "high-pass")  # what the filter would say had the first sample always been there
        for n in lab.steps(k.rate, unit=f"samples {name}"):
            past = n - np.array(ages)
            seen, own = source[np.maximum(past, 0)], np.where(past >= 0, y[way, past], rest)[1:]
            values = np.append(seen, own)
            y[way, n] = weights @ values  # key: a weighted sum of what it has seen and of what it has said
            parts = {"newest": values[used], "weights": weights[used], "output": y[way, n : n + 1]}
            said, signs = write_dot_product(values[used], weights[used]), {"weights": "·", "output": "="}
            lab.operation("one output", parts, said, signs=signs, ticks={"newest": [names[used]]})
            curves = {"forward": (t, y[0]), "both ways": (t[::-1], y[1])} if way else {"forward": (t, y[0])}
            if way or n:  # at step 0 the recording is shown
                show_signal(lab, k, {"tone": (t, tone), **curves}, n, np.stack([t, x], 1)[k.rate if way else n + 1 :])
    state_results(lab, k, t, tone, {"unfiltered": x, "forward": y[0], "both ways": y[1, ::-1]}, b, a, kernel)


def show_signal(lab, k, curves, n, ahead):
    """The tone, what the filter has made of the samples so far, the beats found on that, and the samples ahead."""
    import numpy as np
    from scipy import signal

    lines = {name: np.stack(line, 1) for name, line in curves.items()}
    name = list(lines)[-1]
    lines[name] = made = lines[name][: n + 1]
    beats = made[signal.find_peaks(made[:, 1], prominence=k.prominence)[0]]
    labels = np.repeat([0, 1, 2], [1, len(beats), len(ahead)])
    at, classes = np.concatenate([made[-1:], beats, ahead]), ("newest", "beat", "ahead")
    lab.points("signal", at, labels, classes, paths=lines, axes=("time (s)", "height"), aspect="auto")


def show_filter(lab, k, b, a):
    """What the filter does to each tone, and the convolution kernel that would do the same, which is returned."""
    import numpy as np
    from scipy import signal

    frequency, gain = (np.abs(part) for part in signal.freqz(b, a, worN=8192, fs=k.rate))
    cut = np.argmin(np.abs(gain - 0.5**0.5))
    if k.filter != "average":
        lab.results(**{"cut-off": float(frequency[cut])})
    marks, lines = {"cut-off": (frequency[cut], gain[cut])}, {"forward": gain[::32], "both ways": gain[::32] ** 2}
    lab.curve("gain", frequency[::32], marks, axes=("frequency (Hz)", "gain"), **lines)
    kernel = signal.lfilter(b, a, np.eye(1, 2000)[0])
    span = min(k.rate // 2, 2 + np.flatnonzero(np.abs(kernel) > 0.01 * np.abs(kernel).max())[-1])
    age = np.arange(-span, span + 1)
    lines = {"forward": np.where(age < 0, 0, kernel[np.maximum(age, 0)])}
    lines["both ways"] = np.correlate(kernel, kernel, "full")[len(kernel) - 1 + age]
    lab.curve("kernel", age / k.rate * 1000, axes=("how old the sample is (ms)", "weight"), **lines)
    return kernel


def lag_of(degrees):
    """By how many ms a beat turned by so much comes late: −50 to 150, as a turn is 200."""
    return float((50 - degrees / 360 * 1000 / BEATS) % 200 - 50)


def state_results(lab, k, t, tone, curves, b, a, kernel):
    import numpy as np
    import torch
    from scipy import signal

    rows, beat = [], -np.exp(-2j * np.pi * BEATS * t)
    for name, y in curves.items():
        row = {"error": float(((y - tone) ** 2).mean() ** 0.5), "lag": lag_of(np.angle(beat @ y, deg=True))}
        peaks, beats = (signal.find_peaks(y, prominence=least)[0] for least in (0, k.prominence))
        row |= {"peaks": len(peaks), "beats": len(beats)}
        rows.append((name, *row.values()))
        lab.results(**{f"{what}/{name}": value for what, value in row.items()})
    lab.table("what was gained", ("curve", "error (rms)", "lag (ms)", "peaks", "beats found"), rows)
    degrees = np.angle(signal.freqz(b, a, worN=[BEATS], fs=k.rate)[1][0], deg=True)
    x, forward, both = curves.values()
    padded, layer = np.append(np.full(1999, x[0]), x)[None, None], kernel[None, None, ::-1].copy()
    by_layer = torch.conv1d(torch.tensor(padded), torch.tensor(layer))[0, 0].numpy()
    off = {"from SciPy": signal.filtfilt(b, a, x, padlen=0) - both, "from conv1d": by_layer - forward}
    lab.results(**{name: float(np.abs(one).max()) for name, one in off.items()})
    lab.results(**{"lag/of the design": lag_of(degrees), "error ratio": rows[1][1] / (rows[0][1] or np.nan)})


def find_beats(x, rate):
    """Where (indices) the noisy samples x, taken at ``rate`` Hz, have a beat; there are fewer than 8 a second."""
    from scipy import signal

    b, a = signal.butter(3, 10, fs=rate)
    smooth = signal.filtfilt(b, a, x)
    return signal.find_peaks(smooth, prominence=0.5)[0]


def check_beats(function):
    import numpy as np

    for rate, beats, seed in ((200, 5, 0), (200, 5, 1), (500, 5, 2), (500, 3, 3)):
        t = np.arange(rate) / rate
        noise = 0.5 * np.random.default_rng(seed).standard_normal(rate)
        found = np.asarray(function(noise - np.cos(2 * np.pi * beats * t), rate), float) / rate
        what = f"{beats} beats in a second at {rate} Hz"
        yield number(len(found), f"{what}: beats found") == beats
        off = np.abs(found[:, None] - (np.arange(beats) + 0.5) / beats).min(0, initial=1).max()
        yield number(float(off), f"{what}: furthest off (s)") <= 0.03


LESSON = Lesson(
    covers=("B07",),
    after="fourier-transform",
    run=run,
    knobs=Knobs,
    minutes=12,
    show=("signal", "kernel", "gain", "what was gained", "one output"),
    takeaways=(
        "A causal filter trades noise for delay: a lagging curve can be further from the truth than the noise was.",
        "Backward over its own output a filter takes its delay back and squares its gain, if all samples are there.",
        "SciPy counts a cut-off in halves of the sampling rate unless you pass fs.",
        "Peaks of a noisy curve are peaks of noise: smooth first, then ask for prominence.",
    ),
    predictions=(
        Prediction(
            "`butter` gets the `cutoff` and no `fs`. At which frequency (Hz) will the gain be 0.71?",
            last("cut-off"),
            "The number counts in halves of the sampling rate: 0.1 is 10 Hz at 200 samples a second, and not 0.1 Hz.",
            within=0.03,
            mistakes=(104,),
        ),
        Prediction(
            "How much of the noise's error (root mean square, from the clean tone) will filtering forward leave?",
            choices={
                "At most half of it": last("error ratio") < 0.49,
                "More than half, less than all": last("error ratio").between(0.51, 0.98),
                "More than all: it makes things worse": last("error ratio") > 1.02,
            },
            why="Less noise for more delay, and what is late is wrong on every slope. A high-pass removes the beats.",
        ),
    ),
    claims=(
        Claim(
            "Forward the curve is further from the tone than the noise was, by over a tenth; both ways it is nearer",
            last("error ratio") > 1.1,
            last("error/both ways") < 0.6 * last("error/unfiltered"),
            seeds=10,
        ),
        Claim(
            "Forward lags by 33 ms, as designed, both ways by less than 6 ms; unfiltered there are more than 50 peaks, "
            "over 25 of them prominent, both ways there are 5",
            last("lag/of the design").between(33.2, 33.3),
            (abs(last("lag/forward") - 33.2) < 8) & (abs(last("lag/both ways")) < 6),
            (last("peaks/unfiltered") > 50) & (last("beats/unfiltered") > 25),
            last("peaks/both ways") == 5,
            seeds=10,
        ),
        Claim(
            "0.1 is 10 Hz at 200 samples a second, 20 Hz at 400; the mean of 9 lags by 20 ms; 0.03 removes the beats",
            last("cut-off").between(9.98, 10.02),
            last("cut-off", rate=400).between(19.96, 20.04),
            last("lag/of the design", filter="average").between(19.99, 20.01),
            last("beats/both ways", cutoff=0.03) == 0,
            seeds=5,
        ),
        Claim(
            "The two passes are SciPy's filtfilt without padding, and the first one a convolution by PyTorch",
            last("from SciPy") < 1e-9,
            (last("from conv1d") < 1e-9) & (last("from conv1d", filter="average") < 1e-9),
            seeds=5,
        ),
    ),
    exercises=(
        Exercise(
            "A monitor that warns at once cannot run backward. With noise 0.5, bring the error of forward to at most "
            "0.9 of that of the unfiltered samples, and its designed lag to at most 12 ms.",
            knob_value("noise") == 0.5,
            last("error ratio") <= 0.9,
            last("lag/of the design") <= 12,
            solution={"cutoff": 0.3},
            hints=("The lower the cut-off, the later the curve. Turn it up and look at the table.",),
        ),
        CodeExercise(
            "This finds far too many beats. Find each once, and where it is: smooth, without delay, then count.",
            find_beats,
            check_beats,
            broken={"filtfilt": "lfilter", "(smooth, prominence=0.5)": "(x, height=0)"},
            hints=("Which of the two curves is searched? A height of 0 keeps every ripple on a beat.",),
            mistakes=(20,),
            rows=("S2-115",),
        ),
    ),
    quiz=quiz("""
        ? [compute] Sound is sampled at 8,000 Hz, and `butter(4, 0.25)` filters it. Where is the cut-off?
        + At 1,000 Hz
        - At 2,000 Hz, a quarter of the rate
        - At 0.25 Hz
        = 0.25 of half the rate: 0.25 · 4,000 Hz. With `fs=8000` SciPy would take 0.25 as Hz, and cut everything off.
        & 104

        ? [foresee] A filter has the gain 0.8 for some tone and lags by 30 ms. `filtfilt` applies it. What comes out?
        - The tone at 0.8, without lag
        + The tone at 0.64, without lag
        - The tone at 0.64, 60 ms late
        = Both passes weaken it: 0.8². The second one runs from the end: late in its direction is early in time.

        ? [foresee] A Butterworth low-pass and a high-pass of the same order and cut-off split a signal, each with
          `filtfilt`. What is the sum of the two parts, apart from the ends?
        - The signal without its tones near the cut-off, where both filters weaken
        - The signal, with tones near the cut-off raised: both let them pass
        + The signal
        = Their squared gains add up to 1, ½ + ½ at the cut-off, and nothing lags. Forward only, the lags would differ.
        & S2-119

        ? [foresee] A convolution layer with kernels of 9 samples and padding 4, trained on recordings, is to follow
          live speech. What goes wrong?
        - Nothing: kernels slide in the same way
        + Each output needs 4 samples that are not there yet
        - Its outputs are 8 samples late, as with any kernel of 9
        = Its kernel lies around the sample, as that of `filtfilt` does. WaveNet pads on the left alone: it is causal.
        @ convolution
    """),
    sources=(
        "S. Butterworth: On the theory of filter amplifiers, Experimental Wireless 7 (1930), 536-541",
        "F. Gustafsson: Determining the initial states in forward-backward filtering, IEEE Tr. SP 44 (1996), 988-992",
        "A. van den Oord et al.: WaveNet: a generative model for raw audio, arXiv:1609.03499 (2016), section 2.1",
    ),
    rows=("S2-114",),
)
