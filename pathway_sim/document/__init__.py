"""The strict door for scenario files: text from anywhere in, plain nodes that know where they came from out.

Nothing downstream sees YAML. A document is a tree of `Mapping`, `Sequence` and `Scalar`; each carries its `Origin`, so
that every later complaint can name the file, the line and the column.
"""

from pathway_sim.document.extends import Library, load
from pathway_sim.document.files import read
from pathway_sim.document.nodes import DEFAULT, Mapping, Node, Origin, Scalar, Sequence, find, locate, plain
from pathway_sim.document.overrides import DEFINING, expand, overlay, parse_set
from pathway_sim.document.writer import dump

__all__ = [
    "DEFAULT",
    "DEFINING",
    "Library",
    "Mapping",
    "Node",
    "Origin",
    "Scalar",
    "Sequence",
    "dump",
    "expand",
    "find",
    "load",
    "locate",
    "overlay",
    "parse_set",
    "plain",
    "read",
]
