"""Thirty-two questions about convolutional networks

Could you explain a convolutional network to someone who asks why at every word? The quiz beside this page has 32
questions, the usual ones of an interview; each answer says why, and many name the lesson in which it can be tried.

So that the words have something to stand for, a small network is built here, trained on digits, and then taken apart,
layer by layer:

    image → conv → ReLU → conv → ReLU → pool → conv → ReLU → flatten → dense → softmax

**Sizes.** A window of k pixels, moved by s over n pixels with p zeros added at each end, has

    ⌊(n + 2p − k)/s⌋ + 1   places.

**Receptive field.** How many input pixels one number can depend on. Each layer adds (k − 1) times the distance, in
input pixels, between neighbours of the layer before; a stride multiplies that distance.

**Parameters.** A convolution has k·k·c weights and a bias for each of its filters, however large the image: all places
share them. A dense layer has one weight for each pair of input and output.

**Predict, then run.** Which layer will hold most of the parameters?

**Watch** the table fill while the digit goes through: the maps get smaller, the receptive field grows, and most numbers
to be learned sit where nothing is shared.

**Break it.** Take `padding` away, or a larger `kernel`, until the image is used up.
"""

from descend.engine.lesson import Claim, Exercise, Lesson, Prediction, Question, Wrong, knob, knobs


@knobs
class Knobs:
    filters: int = knob(16, 1, 64, scale="log", help="filters of each convolution")
    kernel: int = knob(3, 1, 9, help="height and width of a kernel")
    padding: bool = knob(True, help="zeros around the image, so that at stride 1 an odd kernel keeps its size")
    stride: int = knob(1, 1, 3, help="step width of the first convolution's window")
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
                from descend.engine.errors import DescendError

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

    from descend.engine.training import Tensors, accuracy, evaluate

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
        loss = functional.cross_entropy(net(data.train_x[chosen]), data.train_y[chosen])
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
        lab.table("layers", ["layer", "output", "parameters", "receptive field"], known)
        lab.bars("parameters", [row[0] for row in known], count=[row[2] for row in known])
        if values.dim() == 4:
            lab.images("feature maps", values[0, :16], [f"{name}, {index}" for index in range(min(16, k.filters))])
    values = outputs[-1]
    lab.bars("probabilities", data.classes, probability=values[0])
    lab.results(
        **{
            "parameters": sum(row[2] for row in rows),
            "dense share": rows[-2][2] / sum(row[2] for row in rows),
            "probability of the truth": values[0, data.test_y[k.image]].item(),
            "field before flatten": rows[-3][3],
        }
    )


def taken_apart(layers, image):
    """For each layer a row, [name, size of its output, parameters, receptive field], and its output."""
    import torch
    from torch import nn

    rows, outputs, values, field, distance = [], [], image, 1, 1
    for name, layer in layers.items():
        with torch.no_grad():
            values = layer(values)
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d)):
            window, stride, _ = square(layer)
            field += (window - 1) * distance  # key: each layer sees a little further
            distance *= stride
        elif isinstance(layer, nn.Linear):
            field = 28
        parameters = sum(weights.numel() for weights in layer.parameters())
        rows.append([name, " × ".join(map(str, values.shape[1:])), parameters, min(field, 28)])
        outputs.append(values)
    return rows, outputs


def most_in_convolutions(result):
    """A network whose dense layer is not where the parameters are."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if not result.last("dense share") < 0.5:
        raise Wrong(f"The dense layer holds {result.last('dense share'):.0%} of the parameters; get it below half.")
    if not result.last("test/accuracy") > 0.9:
        raise Wrong(f"It recognises {result.last('test/accuracy'):.1%} of the test images; keep it above 90 %.")


def ask(text, right, *wrong, why, place=0, lesson=""):
    """A question whose right choice stands at ``place``."""
    choices = [*wrong[:place], right, *wrong[place:]]
    return Question(text, tuple(choices), place, why, lesson)


QUESTIONS = (
    ask(
        "What is a convolutional network?",
        "A network for data on a grid, such as images, that looks at small neighbourhoods with shared weights",
        "A network whose layers are connected in a circle",
        "Any network with more than three layers",
        why="Neighbours belong together, and the same pattern can be anywhere: both are built into the convolution.",
        lesson="convolution",
    ),
    ask(
        "Which parts does a typical convolutional classifier have, in this order?",
        "Convolutions with activations, pooling or strides between them, and a head that makes scores",
        "Softmax, convolutions, and pooling at the end",
        "Dense layers first, then convolutions",
        why="Maps are made and shrunk, then summed up into one score a class; normalisation often stands between.",
        place=1,
    ),
    ask(
        "What is a kernel, or filter?",
        "A small array of learned weights that is moved over the input",
        "The set of training images",
        "The part of the image that is most important",
        why="Its products with each patch say how well the patch fits the pattern in the weights.",
        place=2,
        lesson="convolution",
    ),
    ask(
        "What is padding for?",
        "Values, mostly zeros, put around the input, so that the output need not shrink and borders count as well",
        "Making all images of a batch equally bright",
        "Filling up the last batch",
        why="With p = (k − 1)/2 zeros on each side and stride 1, an odd kernel leaves the size as it was.",
    ),
    ask(
        "What does a stride of 2 do?",
        "The window moves two pixels at a time, so the map has about half as many rows and columns",
        "Each kernel is used twice",
        "Two images are handled at once",
        why="The number of places is ⌊(n + 2p − k)/s⌋ + 1; about a quarter as many numbers remain in two dimensions.",
        place=1,
    ),
    ask(
        "What does a convolution compute at one place?",
        "The sum of the products of the kernel's weights and the patch under them, plus a bias",
        "The greatest value of the patch",
        "The matrix product of the whole image with itself",
        why="Deep-learning libraries do not flip the kernel, so strictly it is a cross-correlation. Learned weights do "
        "not mind.",
        place=2,
        lesson="convolution",
    ),
    ask(
        "What does ReLU do?",
        "It replaces negative numbers by zero and leaves the others",
        "It scales numbers to between 0 and 1",
        "It makes them sum to 1",
        why="Without something that bends between them, two convolutions in a row are just one linear map.",
        lesson="affine-regions",
    ),
    ask(
        "Why pool?",
        "Smaller maps: less work, a faster growing receptive field, and some tolerance for small shifts",
        "To make the image sharper",
        "Without pooling, gradients cannot be computed",
        why="Many networks use strides for this instead. As a cure for overfitting pooling is weak.",
        place=1,
    ),
    ask(
        "The patch holds 1, 3, 5 and 7. What do max and average pooling give?",
        "7 and 4",
        "5 and 7",
        "16 and 4",
        why="The greatest is 7, the mean (1 + 3 + 5 + 7)/4 = 4. The gradient of the first goes to the 7 alone, that of "
        "the second to all four alike.",
        place=2,
    ),
    ask(
        "What does flattening do?",
        "It lays all maps out as one vector, for a dense layer",
        "It sets small values to zero",
        "It averages each map into one number",
        why="Averaging each map into one number exists as well: global average pooling, which needs far fewer weights "
        "after it.",
    ),
    ask(
        "What is a fully connected layer?",
        "Every output is a weighted sum of every input, each pair with a weight of its own",
        "A layer that is connected to all other layers",
        "A convolution with a kernel of 1 × 1",
        why="Its weights number inputs × outputs. Watch the bars of this run: that is where the parameters are.",
        place=1,
    ),
    ask(
        "What does softmax do?",
        "It turns scores into positive numbers that sum to 1, keeping their order",
        "It picks the class with the greatest score",
        "It squeezes each score by itself to between 0 and 1",
        why="exp(sᵢ)/Σⱼ exp(sⱼ). PyTorch's cross-entropy contains it: applying it before as well slows learning.",
        place=2,
        lesson="floating-point",
    ),
    ask(
        "What does batch normalisation do for training?",
        "It keeps the scale of activations steady, so that training is stabler and larger learning rates work",
        "It makes the batch larger",
        "It removes outliers from the data",
        why="In training it uses the batch's mean and variance, in evaluation running averages: forgetting to "
        "switch is a classic mistake.",
    ),
    ask(
        "What does dropout do?",
        "While training it sets random activations to zero; in evaluation it does nothing",
        "It leaves out random training images",
        "It removes the smallest weights for good",
        why="No unit can rely on another being there. Those kept are scaled up so that the expected sum stays.",
        place=1,
    ),
    ask(
        "What is weight sharing?",
        "The same kernel is used at every place of the image",
        "Two networks train each other",
        "All filters of a layer have the same weights",
        why="16 filters of 3 × 3 on a grey image have 16·9 + 16 = 160 parameters, for an image of any size.",
        place=2,
        lesson="convolution",
    ),
    ask(
        "Why convolutions for images, and not dense layers from the start?",
        "They use that neighbours belong together and that patterns move; so they need far fewer parameters",
        "Dense layers cannot take numbers between 0 and 1",
        "Dense layers cannot learn images",
        why="Dense networks do learn small images, see the lesson linked here; they need more weights and more data "
        "for the same accuracy.",
        lesson="fashion-mnist",
    ),
    ask(
        "What is the receptive field of a unit?",
        "The part of the input that can influence it",
        "The size of its kernel",
        "The number of units it feeds",
        why="3 × 3, 3 × 3, a pool of 2, 3 × 3: it grows 3, 5, 6, 10. This run's table computes it for your settings.",
        place=1,
    ),
    ask(
        "How is a convolutional network trained?",
        "Forward pass, loss, backpropagation, a step against the gradient; again and again",
        "Each layer is tuned by hand",
        "Kernels are chosen from a list of known filters",
        why="Nothing is special about convolutions: the gradient of a shared weight is summed over all its places.",
        place=2,
        lesson="backpropagation",
    ),
    ask(
        "What is a feature map?",
        "The output of one filter over all places",
        "A list of the features that a person has marked",
        "The weights of one layer drawn as an image",
        why="It says where its pattern was found, and how clearly. The panel shows those of the digit.",
        lesson="convolution",
    ),
    ask(
        "How does a convolution handle a colour image?",
        "Each kernel has a depth of 3 and sums over the three channels",
        "Each channel gets a network of its own",
        "The image must be made grey first",
        why="A 3 × 3 kernel then has 27 weights and one bias; each filter still gives one map.",
        place=1,
    ),
    ask(
        "Where do the weights of the filters come from?",
        "They start at random and follow the gradient of the loss, as all weights do",
        "They are designed: edges, corners, spots",
        "They are copied from typical images",
        why="That first layers often end as detectors of edges is a result, not a rule that was put in.",
        place=2,
        lesson="convolution",
    ),
    ask(
        "What is a vanishing gradient?",
        "Early layers get almost no signal, since it is multiplied by small factors on its way back",
        "The loss has reached zero",
        "The gradient is not defined at zero",
        why="Sigmoids multiply by at most 1/4 each. The layer panels of other lessons show the magnitudes per layer.",
        lesson="backpropagation",
    ),
    ask(
        "What helps against it?",
        "ReLU, normalisation, skip connections, and initial weights of the right scale",
        "A smaller learning rate",
        "More layers",
        why="All four keep the factors near 1. A smaller rate makes small updates smaller still.",
        place=1,
    ),
    ask(
        "What is transfer learning?",
        "Taking a network trained on much data and training it, or only its head, on a new task",
        "Moving a network to another computer",
        "Training two tasks one after the other from scratch",
        why="Early filters are of use to many tasks, so less data is needed for the new one.",
        place=2,
    ),
    ask(
        "What is data augmentation?",
        "Training on changed copies whose label stays right: shifted, rotated, recoloured",
        "Collecting more images",
        "Adding copies with random labels",
        why="Which change keeps the label depends on the data: a mirrored shirt is a shirt, a mirrored 2 is no digit.",
    ),
    ask(
        "How does one see overfitting?",
        "Loss on the training set goes on falling, loss on held-out data rises",
        "Both losses stay high",
        "Training takes too long",
        why="What matters is the second curve. A gap alone is no harm as long as held-out loss falls.",
        place=1,
        lesson="label-noise",
    ),
    ask(
        "What reduces it?",
        "More data, augmentation, weight decay, dropout, or stopping early",
        "A larger learning rate at the end",
        "Testing on the training set",
        why="Whether the network must also be made smaller is less clear than it was thought to be.",
        place=2,
        lesson="double-descent",
    ),
    ask(
        "Which role do convolutional networks have in object detection?",
        "They make the maps in which a detector, such as SSD, YOLO or Faster R-CNN, finds boxes and classes",
        "They draw the boxes into the image",
        "None: detection needs no learning",
        why="The part that makes the maps is called the backbone; it is often trained on classification first.",
    ),
    ask(
        "Which of these has the fewest parameters: AlexNet, VGG-16, ResNet-50, MobileNetV2?",
        "MobileNetV2, about 3.5 million",
        "AlexNet, as it is the oldest",
        "VGG-16, as it has the fewest layers",
        why="AlexNet has 61.1 million, VGG-16 138.4, ResNet-50 25.6: depth and size are different things. In VGG-16 "
        "the first dense layer alone has 102.8 million.",
        place=1,
    ),
    ask(
        "What does a residual block compute?",
        "Its input plus a learned change",
        "The difference of two images",
        "The error that is left after training",
        why="The gradient reaches early layers through the sum unweakened, so that a hundred layers can be trained.",
        place=2,
    ),
    ask(
        "Classification, detection, segmentation: what does each give for an image?",
        "One label; boxes with labels; a label for every pixel",
        "A box; a label; an outline drawn by hand",
        "They are three names for the same",
        why="The more is asked for about where, the longer the maps have to keep their resolution.",
    ),
    ask(
        "Can a convolution work on a sequence, such as text or a sensor's signal?",
        "Yes: a one-dimensional kernel is moved along it",
        "No, it needs an image",
        "Only if the sequence is drawn as an image first",
        why="It finds a pattern at any time, and all places can be computed at once, unlike in a recurrent net.",
        place=1,
        lesson="next-character",
    ),
)


LESSON = Lesson(
    covers=("O01",),
    after="convolution",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=30,
    smoke={"epochs": 1, "filters": 4},
    predictions=(
        Prediction(
            "Which layer will hold most of the parameters?",
            choices=("one of the convolutions", "the dense layer"),
            truth=lambda r: int(r.last("dense share") > 0.5),
            why="A convolution's weights are shared by all places; a dense layer has one for each pair of number and "
            "class. By default it holds nearly nine tenths of all parameters.",
        ),
    ),
    claims=(
        Claim(
            "Without padding, windows of 3, 3, 2 and 3 see 10 pixels",
            measure=lambda r: r.run.last("field before flatten"),
            exactly=10,
            runs={"run": {"padding": False, "epochs": 0}},
        ),
        Claim(
            "16 filters of 3 × 3, padded: 160 + 2,320 + 2,320 + 31,370 parameters",
            measure=lambda r: r.run.last("parameters"),
            exactly=160 + 2320 + 2320 + 31370,
            runs={"run": {"epochs": 0}},
        ),
        Claim(
            "After five epochs it recognises over 90 % of the test digits",
            measure=lambda r: r.run.last("test/accuracy"),
            above=0.9,
            seeds=(0, 1, 2),
        ),
    ),
    quiz=QUESTIONS,
    exercises=(
        Exercise(
            "Most parameters sit in the dense layer. Change the settings so that it holds less than half of them, and "
            "still over 90 % of the test images are recognised.",
            check=most_in_convolutions,
            solution={"stride": 3},
            hints=(
                "The dense layer has 10 weights for each number that flatten gives it. How could there be fewer?",
                "Smaller maps: a larger stride, or no padding.",
            ),
        ),
    ),
    sources=(
        "V. Dumoulin, F. Visin: A guide to convolution arithmetic for deep learning, arXiv:1603.07285 (2016)",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, chapter 9",
        "A. Araujo, W. Norris, J. Sim: Computing receptive fields of convolutional neural networks, Distill (2019)",
    ),
)
