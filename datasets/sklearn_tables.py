"""Four classic small tables that scikit-learn carries with it: iris, wine, breast cancer and diabetes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from descend.datasets.data_shape import Kind, Task
from descend.datasets.dataset import Dataset
from descend.datasets.sklearn_files import SklearnFile, read_numbers
from descend.datasets.split import split_shuffled, split_stratified
from descend.engine.base.errors import DescendError


@dataclass(frozen=True, kw_only=True)
class SklearnTable(SklearnFile):
    """A table of numbers, its label in the last column, after a line that says how large it is.

    The split is fixed, a fifth of each class for the test: everyone's test set is the same.
    """

    kind: Kind = "table"

    def load(self) -> Dataset:
        file, rows = self.require(), self.train_size + self.test_size
        table = read_numbers(file, (rows, len(self.features) + 1), skip=1)
        x, y = table[:, :-1].astype("float32"), table[:, -1].astype("int64")
        if set(y.tolist()) != set(range(len(self.classes))):
            raise DescendError(f"{file} cannot be read (labels out of range); reinstall scikit-learn.")
        train, test = split_stratified(y)
        return Dataset(
            self.name,
            self.classes,
            x[train],
            y[train],
            x[test],
            y[test],
            kind="table",
            features=self.features,
        )


@dataclass(frozen=True, kw_only=True)
class Diabetes(SklearnFile):
    """Two files: what was measured of each patient, and how the disease progressed."""

    kind: Kind = "table"
    task: Task = "regression"

    def load(self) -> Dataset:
        file, rows = self.require(), self.train_size + self.test_size
        x = read_numbers(file, (rows, len(self.features)), delimiter=None).astype("float32")
        y = read_numbers(file.with_name("diabetes_target.csv.gz"), (rows, 1))[:, 0].astype("float32")
        train, test = split_shuffled(rows)
        return Dataset(
            self.name,
            (),
            x[train],
            y[train],
            x[test],
            y[test],
            kind="table",
            task="regression",
            features=self.features,
            targets=self.targets,
        )


MEASURES = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)

DATASETS = (
    SklearnTable(
        name="iris",
        title="Iris",
        description="150 iris flowers of three species, four lengths in centimetres of each.",
        sample_shape=(4,),
        classes=("setosa", "versicolor", "virginica"),
        features=("sepal length", "sepal width", "petal length", "petal width"),
        train_size=120,
        test_size=30,
        file="iris.csv",
    ),
    SklearnTable(
        name="wine",
        title="Wine",
        description="178 wines from three growers of one region of Italy, by thirteen chemical measurements.",
        sample_shape=(13,),
        classes=("grower 1", "grower 2", "grower 3"),
        features=(
            "alcohol",
            "malic acid",
            "ash",
            "alkalinity of ash",
            "magnesium",
            "total phenols",
            "flavanoids",
            "nonflavanoid phenols",
            "proanthocyanins",
            "colour intensity",
            "hue",
            "OD280/OD315",
            "proline",
        ),
        train_size=142,
        test_size=36,
        file="wine_data.csv",
    ),
    SklearnTable(
        name="breast-cancer",
        title="Breast cancer Wisconsin",
        description=(
            "569 tumours, malignant or benign, by thirty measurements of their cell nuclei under a microscope: the "
            "mean, the standard error and the worst of ten."
        ),
        sample_shape=(30,),
        classes=("malignant", "benign"),
        features=tuple(f"{which} {measure}" for which, measure in product(("mean", "error of", "worst"), MEASURES)),
        train_size=455,
        test_size=114,
        file="breast_cancer.csv",
    ),
    Diabetes(
        name="diabetes",
        title="Diabetes",
        description=(
            "442 patients with diabetes by age, sex, body mass, blood pressure and six blood values; to predict is how "
            "far the disease has gone a year later, a number from 25 to 346."
        ),
        sample_shape=(10,),
        features=(
            "age",
            "sex",
            "body mass index",
            "blood pressure",
            "cholesterol",
            "LDL",
            "HDL",
            "cholesterol / HDL",
            "log triglycerides",
            "blood sugar",
        ),
        targets=("progression",),
        train_size=353,
        test_size=89,
        file="diabetes_data_raw.csv.gz",
    ),
)
"""Sources: R. A. Fisher: The use of multiple measurements in taxonomic problems, 1936; S. Aeberhard, M. Forina: Wine,
UCI Machine Learning Repository, 1992; W. Wolberg, O. Mangasarian, N. Street, W. Street: Breast Cancer Wisconsin
(Diagnostic), UCI Machine Learning Repository, 1993; B. Efron, T. Hastie, I. Johnstone, R. Tibshirani: Least angle
regression, 2004."""
