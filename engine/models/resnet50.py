"""ResNet-50

torchvision's ResNet-50 with random weights: fifty layers in blocks of three convolutions, the middle one narrow, each
block adding to its input.

Images of up to 64 pixels get the stem usual for CIFAR: a 3 × 3 convolution with stride 1 and no pooling, where the
original halves the image twice. The last layer has one output a class.

With pretrained=imagenet it begins with the weights that torchvision has for ImageNet, and keeps the large stem.

    25,557,032 parameters for 3 × 224 × 224 and 1,000 classes
    23,520,842 parameters for 3 × 32 × 32 and 10 classes
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    stem: str = knob("auto", choices=("auto", "small", "large"), help="small keeps the size, for up to 64 pixels")
    pretrained: str = knob("none", help="weights to begin with: imagenet, or a file, .pth or .safetensors")


def build(k, shape):
    from torchvision.models import resnet50

    from descend.engine.models.parts.vision import fit_resnet

    return fit_resnet(resnet50(weights=None, num_classes=shape.outputs), shape, k)


MODEL = Model(
    family="torchvision",
    build=build,
    knobs=Knobs,
    kinds=("image",),
    tasks=("classification", "labels", "regression"),
    reference=DataShape("image", (3, 32, 32), "classification", 10),
    parameters=23_520_842,
    parts=("conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc"),
    because="its filters look at neighbouring pixels",
    weights="ResNet50_Weights.IMAGENET1K_V2",
    head="fc",
    sources=("K. He, X. Zhang, S. Ren, J. Sun, Deep Residual Learning for Image Recognition, 2016",),
)
