"""Learned filters

Nobody tells a convolutional network which nine numbers find an edge. Where does it get them from, and would it do
without?

**The network.** Its first layer slides `filters` kernels of 3 × 3 over the digit; each gives a *feature map*. ReLU sets
what is negative to 0, *pooling* keeps the largest number of each 2 × 2 block. A second convolution looks at all maps at
once with 16 filters, and a dense layer turns what is left into ten scores, one a class. With 8 filters it has

    8·(9 + 1) + 16·(8·9 + 1) + (16·4·4·10 + 10) = 80 + 1,168 + 2,570 = 3,818

numbers to learn.

**Learning.** They begin at random. The *loss* is small where the right class has the highest score by far. Its gradient
tells for each weight, the nine of a kernel too, how the loss changes with it; all move against it, 32 digits a step
(Adam, with a rate of 0.003).

**The twin.** A second network begins with the same numbers and sees the same digits, but its first filters are
*frozen*: they stay as random as they began. Only its later layers learn.

**Predict, then run.** How often is the twin right about new digits, and how much do learned filters save?

**Watch** the film of the filters, 3 × 3 weights each. Do they become others, or more of what they were? The *cosine*
of start and end, averaged over the filters, tells: 1 is the same direction, 0 none in common.

**Break it.** Take a single filter. How far do both networks get with one view of the digit?
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
    last,
    number,
    quiz,
)

FRAMES = 6
GAP = float("nan")  # between two filters of a picture: drawn black, which no weight is


class Knobs(KnobSet):
    digit: int = knob(0, 0, 359, help="the test image whose feature maps are shown")
    filters: int = knob(8, 1, 32, scale="log", help="filters of the first layer")
    epochs: int = knob(15, 1, 100, scale="log", help="times each of the 1,437 images is shown, in steps of 32")


def arrange_in_two_rows(filters):
    """One picture of all filters (n, 3, 3), between them gaps."""
    from torch.nn import functional

    framed = functional.pad(filters, (0, 1, 0, 1, 0, len(filters) % 2), value=GAP)
    across = len(framed) // 2
    return framed.view(2, across, 4, 4).transpose(1, 2).reshape(8, 4 * across)[:-1, :-1]


def run(lab, k):
    from copy import deepcopy

    import torch
    from torch import nn
    from torch.nn import functional

    from descend.engine.lab.fit import Tensors, accuracy, evaluate
    from descend.engine.lab.minibatches import count_parameters, minibatches

    data = Tensors.of(lab.dataset, lab.device)
    train_x, test_x = data.train_x[:, None], data.test_x[:, None]
    first = nn.Conv2d(1, k.filters, 3, padding=1)
    later = (nn.Conv2d(k.filters, 16, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 4 * 4, 10))
    net = nn.Sequential(first, nn.ReLU(), nn.MaxPool2d(2), *later).to(lab.device)
    twin = deepcopy(net)
    twin[0].requires_grad_(False)  # key: its first filters stay random
    both = {"learned": net, "frozen": twin}
    adams = {name: torch.optim.Adam(each.parameters(), 0.003) for name, each in both.items()}
    lab.track(net=net, twin=twin, learned=adams["learned"], frozen=adams["frozen"])
    film = lab.state.setdefault("film", {})

    def test():
        for name, each in both.items():
            mean, counts = evaluate(each, test_x, data.test_y, 10, functional.cross_entropy)
            lab.scalars({f"{name}/test loss": mean, f"{name}/test accuracy": accuracy(counts)})

    steps = k.epochs * -(-len(train_x) // 32)
    moments = {round((steps - 1) * frame / (FRAMES - 1)) for frame in range(1, FRAMES)}
    for step, _, _, chosen in minibatches(lab, len(train_x), epochs=k.epochs, batch_size=32, unit="images"):
        if not film:
            film["at random"] = arrange_in_two_rows(first.weight.detach()[:, 0].cpu())
        for name, each in both.items():
            loss = functional.cross_entropy(each(train_x[chosen]), data.train_y[chosen])
            adams[name].zero_grad()
            loss.backward()  # key: reaches every weight of every kernel
            adams[name].step()
        if step in moments:
            film[f"step {step + 1}"] = arrange_in_two_rows(first.weight.detach()[:, 0].cpu())
        frames = torch.stack(list(film.values()))
        bound = frames.nan_to_num().abs().max().item()
        lab.images("film of the filters", frames, list(film), low=-1.2 * bound, high=bound)
        if step % 15 == 14 or step == steps - 1:
            test()
        if lab.due():
            with torch.no_grad():
                maps = first(test_x[k.digit : k.digit + 1])[0].relu()
            lab.images("feature maps", maps, [f"map {index}" for index in range(1, k.filters + 1)], low=0)
    begun, ended = (each.state_dict()["0.weight"].flatten(1) for each in (twin, net))
    lab.results(**{"likeness of the filters": functional.cosine_similarity(begun, ended).mean()})
    lab.results(**{"growth of the filters": ended.norm() / begun.norm(), "parameters": count_parameters(net)})


def build():
    """A network for grey images of 28 × 28 pixels, shape (n, 1, 28, 28), that scores 10 classes."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 12 * 12, 10),
    )


def check_build(build):
    """Every layer fits the one before, 50,890 parameters, and it learns."""
    import torch
    from torch import nn
    from torch.nn import functional

    from descend.datasets import catalogue
    from descend.engine.lab.fit import Tensors

    net = build()
    if not isinstance(net, nn.Module):
        raise Wrong(f"build() should return a torch.nn.Module; yours returns {type(net).__name__}.")

    names = {layer: name for name, layer in net.named_modules()}

    def fits(layer, given):
        got = given[0].shape[-1]
        if got != layer.in_features:
            raise Wrong(
                f"Layer '{names[layer]}' is built for {layer.in_features:,} numbers an image and gets {got:,}: what "
                "comes before it ends with another size than you think."
            )

    for layer in names:
        if isinstance(layer, nn.Linear):
            layer.register_forward_pre_hook(fits)
    shape = tuple(net(torch.zeros(2, 1, 28, 28)).shape)
    if shape != (2, 10):
        raise Wrong(f"For two images it returns shape {shape}; ten scores each are asked for, (2, 10).")
    yield number(sum(map(torch.numel, net.parameters())), "parameters, both convolutions as they are,") == 50_890
    digits = Tensors.of(catalogue.find("digits").load(), torch.device("cpu"))
    x, y = functional.interpolate(digits.train_x[:128, None], 28, mode="bilinear"), digits.train_y[:128]
    adam = torch.optim.Adam(net.parameters(), 0.003)
    losses = []
    for _ in range(15):
        losses.append(functional.cross_entropy(net(x), y))
        adam.zero_grad()
        losses[-1].backward()
        adam.step()
    yield number((losses[-1] / losses[0]).item(), "loss after 15 steps, as a share of the loss before,") < 0.7


LIKENESS = last("likeness of the filters")

LESSON = Lesson(
    covers=("G01",),
    after="convolution",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=12,
    takeaways=(
        "A network finds its filters by moving each of their numbers against the gradient of the loss.",
        "Filters that stay random still serve the layers behind them well; learned ones lower the loss further.",
        "Here learning stretches the filters more than it turns them: they end in much the same direction.",
    ),
    show=("film of the filters", "test loss", "feature maps", "test accuracy"),
    rows=("S2-03", "S2-C21"),
    smoke={"filters": 3},
    predictions=(
        Prediction(
            "The twin's first filters stay random. How many of the new digits will it recognise?",
            choices={
                "about one in ten, as by chance": last("frozen/test accuracy") < 0.3,
                "half of them or a little more": last("frozen/test accuracy").between(0.4, 0.75),
                "nine of ten or more": last("frozen/test accuracy") > 0.9,
            },
            why="Random filters show the digit in several views, blurred and with edges, and the later layers learn to "
            "read them. A network that works does not prove that each of its layers has learned something.",
        ),
        Prediction(
            "How like the random filters will the learned ones be? (Cosine; 1: the same direction, 0: none in common.)",
            choices={
                "hardly, below 0.3": LIKENESS < 0.3,
                "a little, 0.3 to 0.6": LIKENESS.between(0.3, 0.6),
                "much, above 0.7": LIKENESS > 0.7,
            },
            why="In this small network the gradient mostly makes them longer, in 15 epochs two to three times, and "
            "turns them little. Other seeds end with other filters, about as good: no one set of edges is needed.",
        ),
    ),
    claims=(
        Claim("Learned filters: over 94 % of new digits are recognised", last("learned/test accuracy") > 0.94, seeds=5),
        Claim("… and over 90 % with filters that stay random", last("frozen/test accuracy") > 0.9, seeds=5),
        Claim(
            "… which costs: on new digits the twin's loss is more than a tenth higher",
            last("frozen/test loss") / last("learned/test loss") > 1.1,
            seeds=5,
        ),
        Claim(
            "Learned filters are 1.5 times as long as at the start, or more, in much the same direction: above 0.7",
            last("growth of the filters") > 1.5,
            LIKENESS > 0.7,
            seeds=5,
        ),
        Claim("With 8 filters there are 3,818 numbers to learn", last("parameters", epochs=1) == 3818),
    ),
    quiz=quiz("""
        ? Where does a trained network have its first filters from?
        - From a list of edge detectors that proved useful
        + From random numbers and the gradient
        - From the most frequent patches of the training images
        = The loss depends on each of the nine numbers of a kernel, so it has a slope for each. Where edges
          appear, it is because they help, not because anyone put them in.
        & S2-C21

        ? [compute] 8 maps go into a layer of 16 filters of 3 × 3, each with a bias. How many numbers does it have?
        - 16·(9 + 1) = 160
        - 8·16·(9 + 1) = 1,280
        + 16·(8·9 + 1) = 1,168
        - 16·8·9 = 1,152
        = Each filter has a kernel for every map that goes in, and one bias in all.

        ? With first filters that stay random the twin recognises over 90 % of new digits, though its loss is higher.
          What does that show?
        - The first layer does nothing here, and can be left out
        + Later layers can learn to read eight random views
        - Its filters have been learned nevertheless, through the later layers
        = They hold enough of so small an image. That a network is right so often does not prove that each
          of its layers has learned something fine.

        ? [compute] 28 × 28 pixels, a 3 × 3 convolution with padding 1, 2 × 2 pooling, a 3 × 3 convolution without
          padding to 32 maps. How many numbers does the dense layer get?
        - 32·14·14 = 6,272
        - 32·13·13 = 5,408
        + 32·12·12 = 4,608
        = 28, with padding 1 still 28, pooled 14, and 14 − 3 + 1 = 12.
        & 1

        ? [foresee] All first filters begin as nine zeros with bias 0. What does training make of them?
        - Other filters than before, as the gradient finds its way from anywhere
        + Nothing: they stay zero
        - They become alike, since they began alike
        - Edge detectors, only later, as the layers behind them are random
        = Then every sum is 0 and ReLU passes no gradient on, as PyTorch takes its slope at 0 to be 0. Random numbers
          are not a detail: without them learning does not begin.
    """),
    exercises=(
        Exercise(
            "Do with less: at most 2,900 numbers to learn, and over 93 % of the new digits.",
            last("parameters") <= 2900,
            last("learned/test accuracy") > 0.93,
            solution={"filters": 2, "epochs": 40},
            hints=(
                "The dense layer has 2,570 of them, whatever `filters` is. What is left for both convolutions?",
                "F filters: 10·F + 16·(9·F + 1) + 2,570. Fewer filters may need longer training.",
            ),
        ),
        CodeExercise(
            "Fix the network: its dense layer does not fit what the convolutions give it. Leave both convolutions "
            "as they are.",
            build,
            check_build,
            broken={"12 * 12": "13 * 13"},
            hints=(
                "Follow the width of the image: 28, with padding 1 still 28, pooled 14, and then?",
                "The second convolution has no padding: 14 − 3 + 1.",
            ),
            seconds=60,
            mistakes=(1,),
            rows=("S2-13",),
        ),
    ),
    sources=(
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition, "
        "Proceedings of the IEEE 86 (1998), 2278-2324",
        "A. Saxe, P. W. Koh, Z. Chen, M. Bhand, B. Suresh, A. Ng: On random weights and unsupervised feature learning, "
        "ICML 2011",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, sections 9.1 to 9.3 and 9.9",
    ),
)
