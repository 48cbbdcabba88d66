"""What is read off a submission's code, and tried, to find out which of it fills which role."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from grader.network.exported import Exported
from grader.records import Fault, Message, NetworkFacts, written


class Unknown(Enum):
    """Why a default value is not known."""

    MISSING = "the parameter has none"
    NOT_LITERAL = "it is computed"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a constructor or function, without self or ctx."""

    name: str
    kind: Literal["positional", "keyword", "variadic"] = "positional"
    default: Any = Unknown.MISSING  # a JSON value, {"$ref": "file.py:Name"}, or why it is not known
    annotation: str = ""


@dataclass(frozen=True)
class Definition:
    """A class or function of the submission that could be a network, a layer or a block, or make one."""

    file: str
    name: str  # qualified: "Net", "make_nets.Net" for a class inside a function
    line: int
    kind: Literal["module", "autograd", "function"]
    parameters: tuple[Parameter, ...]
    doc: str = ""
    bases: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """``file.py:Name``."""
        return f"{self.file}:{self.name}"


@dataclass(frozen=True)
class Call:
    """One place where the student builds a definition. Arguments that cannot be read are left out."""

    definition: str  # its place
    arguments: dict[str, Any] = field(hash=False)
    file: str
    line: int
    words: tuple[str, ...] = ()  # lower case: enclosing function, key, variable, strings of the statement, file


@dataclass(frozen=True)
class Survey:
    """All that reading the code gives."""

    definitions: tuple[Definition, ...]
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Build:
    """One way to build a definition."""

    definition: Definition
    arguments: dict[str, Any] = field(hash=False)  # {"$ref": "file.py:Name"} or {"$ref": "torch.nn:ReLU"} stands for a class or function
    origin: Literal["call", "default", "inferred"] = "default"
    words: tuple[str, ...] = ()  # of the calls that build it so
    place: str | None = None  # file:line of the first such call

    @property
    def text(self) -> str:
        """``file.py:Name(key=value)``."""
        return f"{self.definition.place}({written(self.arguments)})"


@dataclass(frozen=True)
class Sample:
    """A build that was tried on samples of one shape."""

    build: Build
    shape: tuple[int, ...]  # of one sample, without the batch
    exported: Exported | None
    facts: NetworkFacts | Fault


@dataclass(frozen=True)
class Match:
    """What fills a role, how sure that is, and why; or the Fault that nothing does."""

    role: str
    file: str
    name: str
    confidence: float
    reason: Message
    fault: Fault | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] | None = None  # what it takes, where that is not the contract's
    alternatives: tuple[str, ...] = ()  # the next best, ``file.py:Name(key=value)``

    @property
    def candidate(self) -> str | None:
        """``file.py:Name``, or None where nothing fills the role."""
        return None if self.fault else f"{self.file}:{self.name}"

    @property
    def text(self) -> str:
        """``file.py:Name(key=value)``."""
        return f"{self.file}:{self.name}({written(self.arguments)})"
