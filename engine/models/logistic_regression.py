"""Logistic regression

One linear layer: a weighted sum of the input for each class. The softmax that turns the sums into probabilities is
part of the loss, so the model returns the sums. For numbers to predict, the same layer is linear regression.

Two classes get two sums; their difference is the one sum of the textbook.

    d features, k classes    d·k + k parameters
    28·28 pixels, 10 classes 7,850
"""

from descend.engine.train.model_form import DataShape, KnobSet, Model


class Knobs(KnobSet):
    pass


def build(k, shape):
    from math import prod

    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(prod(shape.size), shape.outputs))


MODEL = Model(
    family="linear",
    build=build,
    knobs=Knobs,
    kinds=("image", "table"),
    tasks=("classification", "labels", "regression"),
    reference=DataShape("image", (1, 28, 28), "classification", 10),
    parameters=7_850,
    parts=("1",),
    because="it has a weight for each pixel or column, and text has any length",
    sources=("D. R. Cox, The Regression Analysis of Binary Sequences, 1958",),
)
