"""Has tools of its own under the same name."""

from tools.names import NAME


class Example:
    name = NAME
