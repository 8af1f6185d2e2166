"""CIFAR CNN

FullCNN for colour images of 32 × 32 pixels: three channels instead of one go into the first convolution, and a longer
vector into the first dense layer. The rest is the same, so on equal images the two are one network.

    32 × 32 × 3 → 32 × 32 × 32 → 16 × 16 × 32
      → 16 × 16 × 64 → 8 × 8 × 64 = 4,096 → 128 → 10
    convolution 1     3·3·3·32 + 32 =     896
    convolution 2    3·3·32·64 + 64 =  18,496
    dense 1         4,096·128 + 128 = 524,416
    dense 2             128·10 + 10 =   1,290
    together                          545,098
"""

from dataclasses import replace

from descend.engine.models import full_cnn
from descend.engine.train.model_form import DataShape

MODEL = replace(
    full_cnn.MODEL,
    reference=DataShape("image", (3, 32, 32), "classification", 10),
    parameters=545_098,
    parts=("conv1", "conv2", "dense1", "dense2"),
)
