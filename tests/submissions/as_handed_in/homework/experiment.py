"""Run where it lies: its imports are from its own folder."""

from nets.parts import Block
from tools.names import NAME


class Wide(Block):
    name = NAME
