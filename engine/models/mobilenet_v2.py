"""MobileNetV2

torchvision's MobileNetV2 with random weights: made for telephones. Each block widens, filters every channel on its own
and narrows again; such a filter costs about an eighth of an ordinary convolution.

Images of up to 64 pixels enter with stride 1, where the original halves them. The last layer has one output a class.

With pretrained=imagenet it begins with the weights that torchvision has for ImageNet, and keeps the large stem.

    3,504,872 parameters for 3 × 224 × 224 and 1,000 classes
    2,236,682 parameters for 3 × 32 × 32 and 10 classes
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model, knob


class Knobs(KnobSet):
    stem: str = knob("auto", choices=("auto", "small", "large"), help="small keeps the size, for up to 64 pixels")
    pretrained: str = knob("none", help="weights to begin with: imagenet, or a file, .pth or .safetensors")
    dropout: float = knob(0.2, 0.0, 0.9, help="before the scores, while training")


def build(k, shape):
    from torchvision.models import mobilenet_v2

    from descend.engine.models.parts.vision import fit_features

    return fit_features(mobilenet_v2(weights=None, num_classes=shape.outputs, dropout=k.dropout), shape, k)


MODEL = Model(
    family="torchvision",
    build=build,
    knobs=Knobs,
    kinds=("image",),
    tasks=("classification", "labels", "regression"),
    reference=DataShape("image", (3, 32, 32), "classification", 10),
    parameters=2_236_682,
    parts=("features", "classifier"),
    because="its filters look at neighbouring pixels",
    weights="MobileNet_V2_Weights.IMAGENET1K_V2",
    head="classifier.1",
    sources=("M. Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018",),
)
