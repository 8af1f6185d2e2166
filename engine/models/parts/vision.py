"""torchvision's networks, fitted to the data."""

from __future__ import annotations

from typing import Any

from torch import nn

from descend.datasets.data_shape import DataShape

SMALL = 64
"""Height or width, in pixels, up to which an image is too small for a stem that shrinks it fourfold."""


def is_small(shape: DataShape, k: Any) -> bool:
    """Whether the stem should keep the image's size: as the knob ``stem`` says (small, large), or (auto) by that size,
    if it learns from the beginning: pretrained weights have the large one."""
    return k.stem == "small" or (k.stem == "auto" and k.pretrained == "none" and min(shape.size[1:]) <= SMALL)


def make_first_layer(conv: nn.Conv2d, channels: int, small: bool) -> nn.Conv2d:
    """The first convolution ``conv`` for images of ``channels``; 3 × 3 with stride 1 if they are small.

    What is not changed is ``conv`` itself; a new one starts as torchvision's do (He et al., 2015).
    """
    if channels == conv.in_channels and not small:
        return conv
    kernel, stride, padding = (3, 1, 1) if small else (conv.kernel_size[0], conv.stride[0], conv.padding[0])
    fitted = nn.Conv2d(channels, conv.out_channels, kernel, stride, padding, bias=False)
    nn.init.kaiming_normal_(fitted.weight, mode="fan_out", nonlinearity="relu")
    return fitted


def fit_resnet(net: Any, shape: DataShape, k: Any) -> nn.Module:
    """A ResNet whose stem suits such images: small ones are neither halved by it nor pooled."""
    small = is_small(shape, k)
    net.conv1 = make_first_layer(net.conv1, shape.size[0], small)
    if small:
        net.maxpool = nn.Identity()
    return net


def fit_features(net: Any, shape: DataShape, k: Any) -> nn.Module:
    """A MobileNet or EfficientNet whose stem suits such images."""
    block = net.features[0]
    block[0] = make_first_layer(block[0], shape.size[0], is_small(shape, k))
    return net
