"""The network as data: validation and caps, running, functional form, structure, gradients. No student code runs here."""

from .exported import Exported, from_reply
from .functional import evaluation_form, functionalise
from .gradients import DirectionalCheck, GradientCheck, directional_check
from .graph import Graph, InputSpec, Limits, Node, TensorSpec
from .parsing import parse_graph
from .run import Network, execute
from .structure import analyse
from .values import GraphError, NetworkError, Ref, RunError

__all__ = [
    "DirectionalCheck",
    "Exported",
    "GradientCheck",
    "Graph",
    "GraphError",
    "InputSpec",
    "Limits",
    "Network",
    "NetworkError",
    "Node",
    "Ref",
    "RunError",
    "TensorSpec",
    "analyse",
    "directional_check",
    "evaluation_form",
    "execute",
    "from_reply",
    "functionalise",
    "parse_graph",
]
