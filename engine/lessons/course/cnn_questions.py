"""Thirty-two questions about convolutional networks

Could you explain a convolutional network to someone who asks why at every word? The quiz beside this page has 32
questions, the usual ones of an interview; each answer says why, and many name the lesson in which it can be tried.

So that the words have something to stand for, a small network is built here, trained on digits (of 8 × 8 pixels, blown
up to 28 × 28 by interpolation), and then taken apart, layer by layer:

    image → conv → ReLU → conv → ReLU → pool → conv → ReLU → flatten → dense → softmax

**Sizes.** A window of k pixels, moved by s over n pixels with p zeros added at each end, has

    ⌊(n + 2p − k)/s⌋ + 1   places.

**Receptive field.** The width of what one number can depend on: 10 means 10 × 10 input pixels. Each layer adds
(k − 1) times the distance, in input pixels, between neighbours of the layer before; a stride multiplies that distance.

**Parameters.** On c channels a filter has c *kernels* of k·k weights and a bias, however large the image: all places
share them. A dense layer has one weight for each pair of input and output, and a bias for each output.

**Predict, then run.** Which layer will hold the most parameters?

**Watch** the table fill while the digit goes through: the maps shrink at a pool, a stride, or where padding is missing;
the receptive field grows; and by default most numbers to be learned sit where nothing is shared.

**Break it.** Take `padding` away, or a larger `kernel`, until the image is used up.
"""

from descend.engine.teaching.lesson import Claim, Exercise, KnobSet, Lesson, Prediction, Wrong, knob, last, quiz


class Knobs(KnobSet):
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
        so_far = [row for row in known if row[2]]
        lab.bars("parameters", [row[0] for row in so_far], count=[row[2] for row in so_far])
        if values.dim() == 4:
            lab.images("feature maps", values[0, :16], [f"{name}, {index}" for index in range(min(16, k.filters))])
    values, learned = outputs[-1], {row[0]: row[2] for row in rows}
    order = values[0].argsort(descending=True)
    lab.bars("probabilities", [data.classes[place] for place in order.tolist()], probability=values[0, order])
    lab.results(
        **{
            "parameters": sum(row[2] for row in rows),
            "dense parameters": learned["dense"],
            "largest convolution": max(count for name, count in learned.items() if name != "dense"),
            "dense share": learned["dense"] / sum(learned.values()),
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


def largest(result):
    """Index of the choice: a convolution or the dense layer; None for a tie."""
    dense, convolution = result.last("dense parameters"), result.last("largest convolution")
    return None if dense == convolution else int(dense > convolution)


def most_in_convolutions(result):
    """A network whose dense layer is not where the parameters are."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if not result.last("dense share") < 0.5:
        raise Wrong(f"The dense layer holds {result.last('dense share'):.0%} of the parameters; get it below half.")
    if not result.last("test/accuracy") > 0.9:
        raise Wrong(f"It recognises {result.last('test/accuracy'):.1%} of the test images; keep it above 90 %.")


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
            "Which single layer will hold the most parameters?",
            choices=("one of the convolutions", "the dense layer"),
            truth=largest,
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
        Claim("After five epochs it recognises over 90 % of the test digits", last("test/accuracy") > 0.9, seeds=3),
    ),
    quiz=quiz("""
        ? What is a convolutional network?
        + One that looks at small neighbourhoods of a grid, with shared weights
        - One that looks at small neighbourhoods of a grid, each with weights of its own
        - Any network that takes an image and has more than three layers
        = Neighbours belong together, and the same pattern can be anywhere: both are built into the
          convolution.
        @ convolution

        ? Which parts does a typical convolutional classifier have, in this order?
        + Convolutions with activations, pooling or strides between them, a head
        - Dense layers with activations, then convolutions, then pooling
        - Convolutions one after the other, all activations together, a softmax and the pooling
        = Maps are made and shrunk, then summed up into one score a class by the head; normalisation often
          stands between.

        ? What is a kernel?
        + A small array of weights that is moved over one channel of the input
        - The part of the image that the window lies on at the moment
        - The number of pixels by which the window is moved from one place to the next
        = A filter has one kernel for each channel of its input, and a bias. Its products with each patch,
          summed, say how well the patch fits the pattern in the weights.
        @ convolution

        ? What is padding for?
        + The output need not shrink, and borders count as well
        - All images of a batch get the same height and width, whatever they had
        - The window can be moved by more than one pixel
        = With p = (k − 1)/2 zeros on each side and stride 1, an odd kernel leaves the size as it was.

        ? A map is computed with a stride of 2 instead of 1. What changes?
        + It has about a quarter as many numbers
        - It has about half as many numbers, and so do the kernels
        - It has as many numbers, each of two pixels
        = The number of places is ⌊(n + 2p − k)/s⌋ + 1 in each direction: half as many rows, and half as
          many columns.

        ? What does a convolution compute at one place?
        + The sum of the products of weights and pixels, plus a bias
        - The greatest product of a weight and the pixel under it
        - The matrix product of the kernel and the patch under it, plus a bias for each row
        = Deep-learning libraries do not flip the kernel, so strictly it is a cross-correlation. Learned
          weights do not mind.
        @ convolution

        ? What does ReLU do?
        + It replaces negative numbers by zero and leaves the others
        - It scales all numbers to between 0 and 1
        - It takes the sign away from negative numbers
        = Without something that bends between them, two convolutions in a row are just one linear map.
        @ affine-regions

        ? Why pool?
        + Less work, a faster growing receptive field, and some tolerance for shifts
        - Sharper maps, since only the clearest number of each block is kept in its exact place
        - Fewer filters, since each block of maps becomes one map
        = Many networks use strides for this instead. The number of maps stays as it was.

        ? The patch holds 1, 3, 5 and 7. What do max and average pooling give?
        + 7 and 4
        - 5 and 7
        - 7 and 16
        = The greatest is 7, the mean (1 + 3 + 5 + 7)/4 = 4. The gradient of the first goes to the 7 alone,
          that of the second to all four alike.

        ? What does flattening do?
        + It lays all maps out as one vector, for a dense layer
        - It averages each map into one number, for a dense layer
        - It adds all maps up to one map
        = Averaging each map into one number exists as well: global average pooling, which needs far fewer
          weights after it.

        ? What is a fully connected layer?
        + Each output is a weighted sum of all inputs, with weights of its own
        - Each output is a weighted sum of all inputs, with the same weights for every output
        - A layer whose output goes to every later layer
        = Its weights number inputs × outputs. Watch the bars of this run: that is where the parameters are.

        ? What does softmax do?
        + It turns scores into positive numbers that sum to 1
        - It squeezes each score by itself to between 0 and 1
        - It replaces the greatest score by 1 and the others by 0
        = exp(sᵢ)/Σⱼ exp(sⱼ), in the order of the scores. PyTorch's cross-entropy contains it: applying it
          before as well slows learning.
        @ floating-point

        ? What does batch normalisation do for training?
        + It keeps the scale of activations steady, so larger learning rates work
        - It keeps the weights small, as it takes a share of them away after every step
        - It makes results independent of which images share a batch
        = In training it uses the batch's mean and variance, in evaluation running averages: forgetting to
          switch is a classic mistake.

        ? What does dropout do?
        + In training it sets random activations to zero; in evaluation it does nothing
        - In training and in evaluation alike it sets random activations to zero
        - In training it removes the smallest weights for good, so that evaluation is faster
        = No unit can rely on another being there. Those kept are scaled up so that the expected sum stays.

        ? What is weight sharing?
        + One kernel serves all places of the image
        - All filters of a layer have the same weights
        - Layers that follow each other use the same weights
        = 16 filters of 3 × 3 on a grey image have 16·9 + 16 = 160 parameters, for an image of any size.
        @ convolution

        ? Why convolutions for images, and not dense layers from the start?
        + Patterns are local and move: sharing their weights saves parameters
        - Dense layers cannot represent what a convolution computes, however large they are
        - Dense layers do not learn from images
        = Dense networks do learn small images, see the lesson linked here; they need more weights and more
          data for the same accuracy.
        @ fashion-mnist

        ? Windows of 3, 3, a pool of 2 and 3, strides 1, 1, 2 and 1. How wide is the receptive field?
        + 10 pixels
        - 8 pixels
        - 11 pixels
        = It is the part of the input that can influence a unit: 3, 5, 6, and 6 + 2·2 = 10, as behind the
          pool neighbours are 2 pixels apart. This run's table computes it for your settings.

        ? How does the gradient reach a kernel's weight, which is used at many places?
        + The gradients of all places are summed
        - The gradient of the place with the greatest output counts
        - It gets a gradient at each place, and is updated once for each
        = A convolutional network is trained as any other: forward, loss, backpropagation, a step. What goes
          into several nodes gets the sum of what comes back.
        @ backpropagation

        ? What is a feature map?
        + The output of one filter over all places
        - The outputs of all filters at one place
        - The weights of one filter drawn as an image
        = It says where its pattern was found, and how clearly. The panel shows those of the digit.
        @ convolution

        ? A filter of 3 × 3 on a colour image: how many weights has it, and how many maps does it give?
        + 27, and one map
        - 27, and three maps
        - 9, and three maps
        = It has a kernel for each of the three channels, and sums over them; besides, one bias.

        ? Where do the weights of the filters come from?
        + They start at random and follow the gradient of the loss
        - They are designed by experts: edges, corners and spots, from coarse to fine
        - They are patches of typical training images
        = That first layers often end as detectors of edges is a result, not a rule that was put in.
        @ convolution

        ? What is a vanishing gradient?
        + Early layers get almost no signal, after many small factors on its way back
        - The loss has come so near to its minimum that hardly any gradient is left
        - Late layers get almost no signal, as early ones use it up
        = Sigmoids multiply by at most 1/4 each. The gradient panel of the lesson linked here shows how much
          comes to each layer.
        @ digits

        ? What helps against vanishing gradients?
        + ReLU, normalisation, skip connections, initial weights of the right scale
        - A smaller learning rate, as it makes many small steps of one large step
        - More layers, as each adds to the gradient
        = All four keep the factors near 1. A smaller rate makes small updates smaller still.

        ? What is transfer learning?
        + Training a network that was trained on much data on a new task
        - Training one network on two tasks at once, from random weights
        - Training a small network to give the same outputs as a large one
        = Early filters are of use to many tasks, so less data is needed for the new one. Often only the
          head is trained.

        ? What is data augmentation?
        + Training on changed copies whose label stays right
        - Training on images that were collected afterwards and labelled by hand
        - Training on copies with other labels, so that the network is less sure
        = Shifted, rotated, recoloured. Which change keeps the label depends on the data: a mirrored shirt
          is a shirt, a mirrored 2 is no digit.

        ? How does one see overfitting?
        + Loss on the training set goes on falling, loss on held-out data rises
        - Loss on the training set is lower than loss on held-out data
        - Loss on the training set and loss on held-out data both stay high
        = What matters is the second curve. A gap alone is no harm as long as held-out loss falls.

        ? What reduces overfitting?
        + More data, augmentation, weight decay, dropout, or stopping early
        - More training steps, until the training set is fitted without an error
        - Choosing the settings by the loss on the training set
        = Whether the network must also be made smaller is less clear than it was thought to be.
        @ double-descent

        ? Which role do convolutional networks have in object detection?
        + They make the maps in which a detector finds boxes and classes
        - They cut the boxes out, and a detector that does not learn names what is inside
        - They sort the images, and a detector looks at the best
        = The part that makes the maps is called the backbone, in SSD, YOLO and Faster R-CNN; it is often
          trained on classification first.

        ? Which of these has the fewest parameters: AlexNet, VGG-16, ResNet-50, MobileNetV2?
        + MobileNetV2
        - AlexNet, as it is the oldest
        - VGG-16, as it has the fewest layers but for AlexNet
        = It has 3.5 million, AlexNet 61.1, VGG-16 138.4, ResNet-50 25.6: depth and size are different
          things. In VGG-16 the first dense layer alone has 102.8 million.

        ? What does a residual block compute?
        + Its input plus a learned change
        - Its input minus what the block before has learned
        - The error that the blocks before it have left
        = The gradient reaches early layers through the sum unweakened, so that a hundred layers can be
          trained.

        ? Classification, detection, segmentation: what does each give for an image?
        + A label; boxes with labels; a label for every pixel
        - A label; a label for every pixel; boxes with labels
        - A label with its probability; a box around the whole object; several boxes
        = The more is asked for about where, the longer the maps have to keep their resolution.

        ? Can a convolution work on a sequence, such as text or a sensor's signal?
        + Yes: a one-dimensional kernel is moved along it
        - No: without two directions there are no neighbourhoods to look at
        - Only if all sequences have the same length
        = It finds a pattern at any time, and all places can be computed at once, unlike in a recurrent net.
    """),
    exercises=(
        Exercise(
            "Most parameters sit in the dense layer. Change the settings so that it holds less than half of them, and "
            "still over 90 % of the test images are recognised.",
            most_in_convolutions,
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
