"""Relative imports in a file of no package, the name of the folder that was handed in, and one that is only deeper."""

import parts
from .nets.parts import Block
from .tools import names
from handed_in_folder.homework.nets.parts import Block as Same


class Deep(Block):
    is_same = Block is Same is parts.Block
    name = names.NAME
