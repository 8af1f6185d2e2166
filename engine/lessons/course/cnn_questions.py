"""Thirty-two questions about convolutional networks

Could you explain a convolutional network to someone who asks why at every word? The quiz beside this page has 32
questions, the usual ones of an interview; each answer says why, and many name the lesson in which it can be tried.

So that the words stand for something, a small network is built here, trained on digits (of 8 × 8 pixels, blown up to
28 × 28 by interpolation), and then taken apart, layer by layer:

    image → conv → ReLU → conv → ReLU → pool → conv → ReLU → flatten → dense → softmax

**Sizes.** A window of k pixels, moved by s over n pixels with p zeros added at each end, has

    ⌊(n + 2p − k)/s⌋ + 1   places.

**Receptive field.** The width of what one number can depend on: 10 means 10 × 10 input pixels. Each layer adds
(k − 1) times the distance, in input pixels, between neighbours of the layer before; a stride multiplies that distance.

**Parameters.** On c channels a filter has c *kernels* of k·k weights and a bias, however large the image: all places
share them. A dense layer has one weight for each pair of input and output, and a bias for each output. *If dense*:
what one in place of a convolution would have.

**Predict, then run.** Which layer will hold the most parameters?

**Watch** the table fill while the digit goes through: maps shrink at a pool, a stride, or where padding is missing; the
receptive field grows; by default most numbers to learn sit where nothing is shared.

**Break it.** Take `padding` away, or a larger `kernel`, until the image is used up. Then `mirror` the images it learns
from: which labels become wrong?
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


class Knobs(KnobSet):
    filters: int = knob(16, 1, 64, scale="log", help="filters of each convolution")
    kernel: int = knob(3, 1, 9, help="height and width of a kernel")
    padding: bool = knob(True, help="zeros around the image, so that at stride 1 an odd kernel keeps its size")
    stride: int = knob(1, 1, 3, help="step width of the first convolution's window")
    mirror: bool = knob(False, help="whether half of the training images, drawn anew each time, are mirrored")
    image: int = knob(0, 0, 359, help="the test image that goes through")
    epochs: int = knob(5, 0, 50, help="times every training image is shown first")
    pace: int = knob(2, 0, 100, live=True, help="layers a second at most, to watch; 0: as fast as it goes")


def build(k, size):
    """The network's layers by name, for images of ``size`` pixels in a row.

    Raises Wrong if nothing of the image is left for a layer.
    """
    from torch import nn

    p = k.kernel // 2 if k.padding else 0
    layers = {
        "conv 1": nn.Conv2d(1, k.filters, k.kernel, k.stride, p),
        "ReLU 1": nn.ReLU(),
        "conv 2": nn.Conv2d(k.filters, k.filters, k.kernel, 1, p),
        "ReLU 2": nn.ReLU(),
        "pool": nn.MaxPool2d(2),
        "conv 3": nn.Conv2d(k.filters, k.filters, k.kernel, 1, p),
        "ReLU 3": nn.ReLU(),
        "flatten": nn.Flatten(),
    }
    for name, layer in layers.items():
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d)):
            window, stride, padding = square(layer)
            size = (size + 2 * padding - window) // stride + 1  # key: how many places the window has
            if size < 1:
                from descend.engine.base.errors import DescendError

                raise DescendError(f"Nothing of the image is left for '{name}': take a smaller kernel, or padding.")
    layers["dense"] = nn.Linear(k.filters * size * size, 10)
    layers["softmax"] = nn.Softmax(1)
    return layers


def square(layer):
    """Kernel, stride and padding of a convolution or a pooling layer, each the same in both directions."""
    return tuple(
        entry if isinstance(entry, int) else entry[0] for entry in (layer.kernel_size, layer.stride, layer.padding)
    )


def run(lab, k):
    import torch
    from torch import nn
    from torch.nn import functional

    from descend.engine.lab.fit import Tensors, accuracy, evaluate

    data = Tensors.of(lab.dataset, lab.device)
    train_x, test_x = (functional.interpolate(x[:, None], 28, mode="bilinear") for x in (data.train_x, data.test_x))
    data = Tensors(train_x, data.train_y, test_x, data.test_y, data.classes)
    layers = {name: layer.to(lab.device) for name, layer in build(k, 28).items()}
    net = nn.Sequential(*list(layers.values())[:-1])  # cross-entropy has the softmax in it
    adam = torch.optim.Adam(net.parameters(), 0.003)
    lab.track(net=net, adam=adam)
    per_epoch = -(-len(data.train_y) // 64)
    for step in lab.steps(k.epochs * per_epoch, samples=64, unit="images", per_epoch=per_epoch, paced=False):
        chosen = torch.randint(len(data.train_y), (64,)).to(lab.device)
        x = data.train_x[chosen]
        if k.mirror:
            half = torch.rand(64).to(lab.device) < 0.5
            x[half] = x[half].flip(3)  # key: the label stays, also that of a mirrored 2
        loss = functional.cross_entropy(net(x), data.train_y[chosen])
        adam.zero_grad()
        loss.backward()
        adam.step()
        lab.scalars({"train/loss": loss})
        if step % per_epoch == per_epoch - 1:
            mean, counts = evaluate(net, data.test_x, data.test_y, 10, functional.cross_entropy)
            lab.scalars({"test/loss": mean, "test/accuracy": accuracy(counts)})
    net.eval()

    image = data.test_x[k.image : k.image + 1]
    lab.images("the image", image)
    rows, outputs = taken_apart(layers, image)
    for step in lab.steps(len(layers), unit="layers"):
        known, values = rows[: step + 1], outputs[step]
        name = known[-1][0]
        lab.table("layers", ["layer", "output", "parameters", "if dense", "receptive field"], known)
        so_far = [row for row in known if row[2]]
        lab.bars("parameters", [row[0] for row in so_far], "numbers to learn", count=[row[2] for row in so_far])
        if values.dim() == 4:
            lab.images("feature maps", values[0, :16], [f"{name}, {index}" for index in range(min(16, k.filters))])
    values, learned = outputs[-1], {row[0]: row[2] for row in rows}
    order = values[0].argsort(descending=True)
    names = [data.classes[place] for place in order.tolist()]
    lab.bars("probabilities", names, "probability", probability=values[0, order])
    lab.results(
        **{
            "parameters": sum(row[2] for row in rows),
            "dense parameters": learned["dense"],
            "largest convolution": max(count for name, count in learned.items() if name != "dense"),
            "dense share": learned["dense"] / sum(learned.values()),
            "probability of the truth": values[0, data.test_y[k.image]].item(),
            "field before flatten": rows[-3][4],
            "numbers that flatten gives": outputs[-3].numel(),
            "conv 1 if dense": rows[0][3],
        }
    )


def taken_apart(layers, image):
    """For each layer its output and a row: name, size of the output, parameters, those of a dense layer in the place of
    a convolution, receptive field."""
    import torch
    from torch import nn

    rows, outputs, values, field, distance = [], [], image, 1, 1
    for name, layer in layers.items():
        entered = values.numel()
        with torch.no_grad():
            values = layer(values)
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d)):
            window, stride, _ = square(layer)
            field += (window - 1) * distance  # key: each layer sees a little further
            distance *= stride
        elif isinstance(layer, nn.Linear):
            field = 28
        parameters = sum(weights.numel() for weights in layer.parameters())
        dense = (entered + 1) * values.numel() if isinstance(layer, nn.Conv2d) else parameters
        rows.append([name, " × ".join(map(str, values.shape[1:])), parameters, dense, min(field, 28)])
        outputs.append(values)
    return rows, outputs


def receptive_fields(windows):
    """Width of the receptive field behind each layer.

    windows: [(kernel, stride)] of the layers, first to last. Returns a list as long.
    """
    field, distance, found = 1, 1, []
    for kernel, stride in windows:
        field += (kernel - 1) * distance
        distance *= stride
        found.append(field)
    return found


def check_receptive_fields(receptive_fields):
    """Against the inputs that windows reach when they are traced back one by one."""
    networks = ([(3, 1)], [(3, 1), (3, 1), (2, 2), (3, 1)], [(5, 2), (3, 3), (4, 1)], [(3, 2)] * 5)
    for windows in networks:
        found = receptive_fields(list(windows))
        if not isinstance(found, list) or len(found) != len(windows):
            what = f"{len(found)}" if isinstance(found, list) else f"one {type(found).__name__}"
            raise Wrong(f"{len(windows)} layers have a list of {len(windows)} receptive fields; yours returns {what}.")
        for depth, mine in enumerate(found, 1):
            first = last_one = 0  # of the places that the last layer's place 0 depends on
            for kernel, stride in reversed(windows[:depth]):
                first, last_one = first * stride, last_one * stride + kernel - 1
            right = last_one - first + 1
            yield number(abs(mine - right), f"layer {depth} of {windows}: distance of {mine} from {right},") == 0


DENSE, CONVOLUTION = last("dense parameters"), last("largest convolution")

LESSON = Lesson(
    covers=("O01",),
    after="convolution",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=30,
    takeaways=(
        "The size of a feature map, its receptive field and its parameters follow from kernel, stride and padding.",
        "Convolutions share their weights over all places; a dense layer between the same numbers would need many "
        "times as many.",
        "Most of this network's parameters sit in the dense layer, where nothing is shared.",
        "Mirrored training images can hurt where the mirror image means something else.",
    ),
    show=("layers", "feature maps", "parameters", "probabilities", "loss"),
    smoke={"epochs": 1, "filters": 4},
    predictions=(
        Prediction(
            "Which single layer will hold the most parameters?",
            choices={"one of the convolutions": CONVOLUTION > DENSE, "the dense layer": CONVOLUTION < DENSE},
            why="A convolution's weights are shared by all places; a dense layer has one for each pair of number and "
            "class. By default it holds nearly nine tenths of all parameters; on small maps, or with many filters, the "
            "second and third convolution can hold more.",
        ),
    ),
    claims=(
        Claim(
            "Without padding, windows of 3, 3, 2 and 3 see 10 pixels",
            last("field before flatten", padding=False, epochs=0) == 10,
        ),
        Claim(
            "16 filters of 3 × 3, padded: 160 + 2,320 + 2,320 + 31,370 parameters",
            last("parameters", epochs=0) == 160 + 2320 + 2320 + 31370,
        ),
        Claim("A dense layer for conv 1 would take 9,847,040", last("conv 1 if dense", epochs=0) == 9_847_040),
        Claim("Flatten gives 16 · 14 · 14 = 3,136 numbers", last("numbers that flatten gives", epochs=0) == 3136),
        Claim("After five epochs it recognises over 90 % of the test digits", last("test/accuracy") > 0.9, seeds=5),
        Claim(
            "Mirroring half of the images usually makes it worse by a point or more: in eight runs of ten or more",
            last("test/accuracy") - last("test/accuracy", mirror=True) > 0.01,
            seeds=tuple(range(10)),
            needed=8,
        ),
        Claim(
            "A stride of 3 leaves a quarter of the parameters, and still over 90 %",
            last("parameters", stride=3) / last("parameters") < 0.25,
            last("test/accuracy", stride=3) > 0.9,
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? What is a convolutional network?
        + One that looks at small neighbourhoods of a grid, with shared weights
        - One that looks at small neighbourhoods of a grid, each with weights of its own
        - Any network that takes an image and has more than three layers
        = Neighbours belong together, and the same pattern can be anywhere: both are built into the
          convolution.
        @ convolution
        & S2-C01

        ? Which parts does a typical convolutional classifier have, in this order?
        + Convolutions with activations, pooling or strides between them, a head
        - Dense layers with activations, then convolutions, then pooling
        - Convolutions one after the other, all activations together, a softmax and the pooling
        = Maps are made and shrunk, then summed up into one score a class by the head; normalisation often
          stands between.
        & S2-C02

        ? [compute] The kernel (−1, 1) is moved along the row 2, 2, 5, 5, 2. What does it give?
        - 4, 7, 10, 7: the pixels under it, summed
        + 0, 3, 0, −3
        - 0, 3, 0, 3: an edge is an edge
        = A kernel is a small array of weights that is moved over one channel; what it gives says how well each place
          fits its pattern, here a step up. A filter has one kernel for each channel of its input, and a bias.
        @ convolution
        & S2-C03

        ? [compute] A kernel of 5 × 5 is moved over 28 × 28 pixels, one at a time. How many zeros on each side keep the
          size?
        - 1
        + 2
        - 4, one less than the kernel is wide
        = p = (k − 1)/2, at stride 1 and for an odd k: 28 + 2·2 − 5 + 1 = 28. So the output need not shrink, and pixels
          at the border count as well.
        & S2-C04

        ? [compute] A window of 3 is moved over 28 pixels in steps of 2, without padding. How many places has it?
        - 14, half of 28
        - 12, half of what is left beside it
        + 13
        = ⌊(28 − 3)/2⌋ + 1 = 13. The stride is the step width of the window; in both directions a stride of 2 leaves
          about a quarter of the numbers. Try `stride` 2 without `padding`.
        & S2-C05

        ? [compute] Patch and kernel have the rows (1, 2), (3, 4) and (1, 0), (0, −1). What does the convolution give
          there, in a library for deep learning?
        - Four numbers, the matrix product
        + −3
        - 3, as the kernel is flipped first
        = 1·1 + 2·0 + 3·0 + 4·(−1) = −3, plus a bias if there is one. Strictly, a convolution flips the kernel;
          libraries do not (cross-correlation), and learned weights do not mind.
        @ convolution
        & S2-C06

        ? [foresee] ReLU sets negative numbers to zero. If it is left out, what can two convolutions of 3 × 3 in a row
          compute?
        - Nothing: their outputs cancel
        - As much as before, as training makes up for it
        + What one convolution of 5 × 5 can
        = Without something that bends between them, they are one linear map. (At the image's border zeros make a small
          difference.)
        @ affine-regions
        & S2-C07

        ? Why pool?
        + Less work, a faster growing receptive field, and some tolerance for shifts
        - Sharper maps, since only the clearest number of each block is kept in its exact place
        - Fewer filters, since each block of maps becomes one map
        = Many networks use strides for this instead. The number of maps stays as it was.
        & S2-C08

        ? [compute] The patch holds 1, 3, 5 and 7. What do max and average pooling give?
        + 7 and 4
        - 5 and 7
        - 7 and 16
        = The largest is 7, the mean (1 + 3 + 5 + 7)/4 = 4. The gradient of the first goes to the 7 alone,
          that of the second to all four alike.
        & S2-C09

        ? [compute] What comes in are 16 maps of 14 × 14. How many numbers does flattening hand to the dense layer?
        - 16, one for each map
        - 196, the maps added up
        + 3,136
        = 16·14·14: all maps, laid out as one vector. To average each map into one number is another way, global average
          pooling; a head on 16 numbers has far fewer weights.
        & S2-C10

        ? [compute] A fully connected layer takes 3,136 numbers to 10 scores. How many parameters has it?
        - 3,146: each input and each output
        - 31,360, one for each pair
        + 31,370
        = Each output is a weighted sum of all inputs with weights of its own: 3,136·10, and 10 biases. See the
          last-but-one row of this run's table.
        & S2-C11

        ? [foresee] Each of ten scores is raised by 5. What do the probabilities that softmax makes of them do?
        - They all grow
        - The largest grows, the others shrink
        + They stay
        = exp(sᵢ)/Σⱼ exp(sⱼ): e⁵ cancels, only differences count, and the sum stays 1. PyTorch's cross-entropy contains
          softmax; applying it before as well slows learning.
        @ floating-point
        & S2-C12, 26

        ? What does batch normalisation do for training?
        + It keeps the scale of activations steady, so larger learning rates work
        - It keeps the weights small, as it takes a share of them away after every step
        - It makes results independent of which images share a batch
        = In training it uses the batch's mean and variance, in evaluation running averages: forgetting to
          switch is a classic mistake.
        & S2-C13

        ? [compute] PyTorch's dropout with p = 0.5 stands behind an activation of 3. What does it pass on?
        - 0 or 3 in training, 3 in evaluation
        + 0 or 6 in training, 3 in evaluation
        - 0 or 6 in training and in evaluation alike
        = In training each activation is zero with probability p; those kept are divided by 1 − p, so that the mean
          stays 3. In evaluation it does nothing. No unit can rely on another being there.
        & S2-C14

        ? [compute] 16 filters of 3 × 3 look at a grey image of 28 × 28, and have 160 parameters. How many on 56 × 56?
        + 160
        - 640: four times as many places
        - 320: twice as many in a row
        = Weight sharing: one kernel serves all places. 16·9 weights and 16 biases, whatever the image's size.
        @ convolution
        & S2-C15

        ? [compute] conv 1 makes 16 maps of 28 × 28 from 28 × 28 pixels with 160 parameters. About how many would a
          dense layer need for that?
        - 125,440: ten for each number that comes out
        - 13,328: one for each number that goes in or comes out
        + 9.8 million
        = 784 · 12,544 weights and 12,544 biases, the table's *if dense*. Patterns are local and move, so sharing loses
          little. Dense networks do learn small images; they need more weights and data for the same accuracy.
        @ fashion-mnist
        & S2-C16

        ? [compute] Windows of 3, 3, a pool of 2 and 3, strides 1, 1, 2 and 1. How wide is the receptive field?
        + 10 pixels
        - 8 pixels
        - 11 pixels
        = It is the part of the input that can influence a unit: 3, 5, 6, and 6 + 2·2 = 10, as behind the
          pool neighbours are 2 pixels apart. This run's table computes it for your settings.
        & S2-C17, 50

        ? [compute] A kernel's weight is used at three places, and 0.2, −0.5 and 0.4 come back to it. What is its
          gradient?
        - −0.5, where it matters most
        - 0.033, the mean
        + 0.1
        = What goes into several nodes gets the sum of what comes back. Otherwise it is trained as any other network is:
          forward, loss, backpropagation, a step.
        @ backpropagation
        & S2-C18

        ? What is a feature map?
        + The output of one filter over all places
        - The outputs of all filters at one place
        - The weights of one filter drawn as an image
        = It says where its pattern was found, and how clearly. The panel shows those of the digit.
        @ convolution
        & S2-C19

        ? [compute] A filter of 3 × 3 on a colour image: how many weights has it, and how many maps does it give?
        + 27, and one map
        - 27, and three maps
        - 9, and three maps
        = It has a kernel for each of the three channels, and sums over them; besides, one bias.
        & S2-C20

        ? Where do the weights of the filters come from?
        + They start at random and follow the gradient of the loss
        - They are designed by experts: edges, corners and spots, from coarse to fine
        - They are patches of typical training images
        = That first layers often end as detectors of edges is a result, not a rule that was put in.
        @ learned-filters

        ? [compute] Ten sigmoid layers stand in a row, and the weights between them are 1. At most what share of the
          gradient reaches the first?
        - A fortieth: ten times a quarter
        - A quarter, as each passes on what it got
        + A millionth
        = A sigmoid's slope is at most ¼, and (¼)¹⁰ ≈ 10⁻⁶: a vanishing gradient. The layers panel of the lesson linked
          here shows how much comes to each layer.
        @ digits
        & S2-C22

        ? What helps against vanishing gradients?
        + ReLU, normalisation, skip connections, good initial weights
        - A smaller learning rate, as it makes many small steps of one large step
        - More layers, as each adds to the gradient
        = All four keep the factors near 1, initial weights by their scale. A smaller rate makes small
          updates smaller still.
        & S2-C23

        ? What is transfer learning?
        + Training a network that was trained on much data on a new task
        - Training one network on two tasks at once, from random weights
        - Training a small network to give the same outputs as a large one
        = Early filters are of use to many tasks, so less data is needed for the new one. Often only the
          head is trained.
        & S2-C24

        ? [foresee] To have more data, half of the images of digits are mirrored at random, with their labels kept. What
          happens to accuracy on new digits?
        + It falls
        - It rises, as more data always helps
        - It stays, as convolutions do not mind mirroring
        = Augmentation trains on changed copies whose label stays right: shifted, rotated, recoloured. A mirrored shirt
          is a shirt, a mirrored 2 is no digit. With `mirror` about 96 % become 93 %, as a rule.
        & S2-C25

        ? How does one see overfitting?
        + Loss on the training set falls on, loss on held-out data rises
        - Loss on the training set lies below loss on held-out data
        - Loss on the training set and loss on held-out data both stay high
        = What matters is the second curve. A gap alone is no harm as long as held-out loss falls.
        & S2-C26

        ? What reduces overfitting?
        + More data, augmentation, weight decay, dropout, or stopping early
        - More training steps, until the training set is fitted without an error
        - Choosing the settings by the loss on the training set
        = Whether the network must also be made smaller is less clear than it was thought to be.
        @ double-descent
        & S2-C27

        ? Which role do convolutional networks have in object detection?
        + They make the maps in which a detector finds boxes and classes
        - They cut the boxes out, and a detector that does not learn names what is inside
        - They sort the images, and a detector looks at the best
        = The part that makes the maps is called the backbone, in SSD, YOLO and Faster R-CNN; it is often
          trained on classification first.
        & S2-C28

        ? [compute] VGG-16's first dense layer takes 512 maps of 7 × 7 to 4,096 numbers. How many of the network's 138
          million parameters are in it?
        - 2 million: 512 · 4,096
        - 17 million: 4,096 · 4,096
        + 103 million
        = 512·49·4,096, and 4,096 biases. Depth and size are different things: AlexNet (8 layers with weights) has 61.1
          million, ResNet-50, whose one dense layer is small, 25.6, MobileNetV2 3.5.
        & S2-C29

        ? [compute] A layer passes a tenth of the gradient back. It becomes a residual block: its input is added to its
          output. What does it pass back now?
        - A tenth, as before
        - Nine tenths: one less a tenth
        + 1.1 times what it gets
        = The block computes its input plus a learned change, x + F(x), whose slope is 1 + 0.1. So the gradient of early
          layers does not vanish, and a hundred layers can be trained.
        & S2-C30

        ? [compute] An image of 100 × 100 pixels shows two cats. How many labels do classification, detection and
          semantic segmentation give for it?
        - 1; 1 with its box; 2
        + 1; 2 with their boxes; 10,000
        - 2; 2 with their boxes; 2, one for each outline
        = One for the image; one for each object, and where it is; one for each pixel. The more is asked for about
          where, the longer the maps have to keep their resolution.
        & S2-C31

        ? [compute] A one-dimensional kernel of width 5 is moved along 100 readings of a sensor, without padding. How
          many numbers come out?
        - None: a convolution needs two directions
        + 96
        - 20: 100 in pieces of five
        = 100 − 5 + 1. In text or signals too it finds a pattern at any time, and all places can be computed at once,
          unlike in a recurrent net.
        & S2-C32
    """),
    exercises=(
        Exercise(
            "Most parameters sit in the dense layer. Change the settings so that it holds less than half of them, and "
            "still over 90 % of the test images are recognised.",
            last("dense share") < 0.5,
            last("test/accuracy") > 0.9,
            solution={"stride": 3},
            hints=(
                "The dense layer has 10 weights for each number that flatten gives it. How could there be fewer?",
                "Smaller maps: a larger stride, or no padding.",
            ),
        ),
        CodeExercise(
            "For windows of 3, 3, a pool of 2 and 3 a slide gives fields of 3, 5, 10, 18; this gives 3, 5, 7, 11. Both "
            "are wrong. Fix it.",
            receptive_fields,
            check_receptive_fields,
            broken={
                "        field += (kernel - 1) * distance\n        distance *= stride\n": "        distance *= stride\n"
                "        field += (kernel - 1) * distance\n"
            },
            hints=(
                "How far apart are the numbers that a window lies on: before its own stride, or after?",
                "A stride moves the outputs of its layer apart, and so only the windows of the layers behind it.",
            ),
            mistakes=(50,),
        ),
    ),
    sources=(
        "V. Dumoulin, F. Visin: A guide to convolution arithmetic for deep learning, arXiv:1603.07285 (2016)",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, chapter 9",
        "A. Araujo, W. Norris, J. Sim: Computing receptive fields of convolutional neural networks, Distill (2019)",
    ),
)
