"""People who do not exist, with effects that are known. Its truth is for evaluation only."""

from pathway.mock.effects import SHAPES, Shape
from pathway.mock.package import SHIPPED_CATALOGUE, write

__all__ = ["SHAPES", "SHIPPED_CATALOGUE", "Shape", "write"]
