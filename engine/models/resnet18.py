"""ResNet-18

torchvision's ResNet-18 with random weights: eighteen layers in blocks of two convolutions, each block adding to its
input, so that gradients reach the first layer undiminished.

Images of up to 64 pixels get the stem usual for CIFAR: a 3 × 3 convolution with stride 1 and no pooling, where the
original halves the image twice. The last layer has one output a class.

With pretrained=imagenet it begins with the weights that torchvision has for ImageNet, and keeps the large stem.

    11,689,512 parameters for 3 × 224 × 224 and 1,000 classes
    11,173,962 parameters for 3 × 32 × 32 and 10 classes
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    stem: str = knob("auto", choices=("auto", "small", "large"), help="small keeps the size, for up to 64 pixels")
    pretrained: str = knob("none", help="weights to begin with: imagenet, or a file, .pth or .safetensors")


def build(k, shape):
    from torchvision.models import resnet18

    from descend.engine.models.parts.vision import fit_resnet

    return fit_resnet(resnet18(weights=None, num_classes=shape.outputs), shape, k)


MODEL = Model(
    family="torchvision",
    build=build,
    knobs=Knobs,
    kinds=("image",),
    tasks=("classification", "labels", "regression"),
    reference=DataShape("image", (3, 32, 32), "classification", 10),
    parameters=11_173_962,
    parts=("conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc"),
    because="its filters look at neighbouring pixels",
    weights="ResNet18_Weights.IMAGENET1K_V1",
    head="fc",
    sources=("K. He, X. Zhang, S. Ren, J. Sun, Deep Residual Learning for Image Recognition, 2016",),
)
