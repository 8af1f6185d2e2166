"""EfficientNet-B0

torchvision's EfficientNet-B0 with random weights: blocks like MobileNetV2's with a weight for each channel
(squeeze-and-excitation), their depth and width found by search.

Images of up to 64 pixels enter with stride 1, where the original halves them. The last layer has one output a class.

With pretrained=imagenet it begins with the weights that torchvision has for ImageNet, and keeps the large stem.

    5,288,548 parameters for 3 × 224 × 224 and 1,000 classes
    4,020,358 parameters for 3 × 32 × 32 and 10 classes
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    stem: str = knob("auto", choices=("auto", "small", "large"), help="small keeps the size, for up to 64 pixels")
    pretrained: str = knob("none", help="weights to begin with: imagenet, or a file, .pth or .safetensors")
    dropout: float = knob(0.2, 0.0, 0.9, help="before the scores, while training")


def build(k, shape):
    from torchvision.models import efficientnet_b0

    from descend.engine.models.parts.vision import fit_features

    return fit_features(efficientnet_b0(weights=None, num_classes=shape.outputs, dropout=k.dropout), shape, k)


MODEL = Model(
    family="torchvision",
    build=build,
    knobs=Knobs,
    kinds=("image",),
    tasks=("classification", "labels", "regression"),
    reference=DataShape("image", (3, 32, 32), "classification", 10),
    parameters=4_020_358,
    parts=("features", "classifier"),
    because="its filters look at neighbouring pixels",
    weights="EfficientNet_B0_Weights.IMAGENET1K_V1",
    head="classifier.1",
    sources=("M. Tan, Q. V. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019",),
)
