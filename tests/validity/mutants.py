"""All wrong submissions, in the order of the assignment's parts."""

from __future__ import annotations

from dataclasses import replace

from tests.validity.mutants_base import Mutant
from tests.validity.mutants_blocks import BLOCKS
from tests.validity.mutants_cnn import CNNS
from tests.validity.mutants_evidence import EVIDENCE
from tests.validity.mutants_known import KNOWN_MISSES
from tests.validity.mutants_layers import CUSTOM_LAYERS
from tests.validity.mutants_networks import NETWORKS
from tests.validity.mutants_numbers import NUMBERS
from tests.validity.mutants_shown import SHOWN
from tests.validity.mutants_studies import STUDIES

MUTANTS: tuple[Mutant, ...] = tuple(
    replace(each, survives=KNOWN_MISSES.get(each.id, each.survives))
    for each in (*NETWORKS, *CNNS, *STUDIES, *CUSTOM_LAYERS, *BLOCKS, *EVIDENCE, *NUMBERS, *SHOWN)
)
BY_ID = {mutant.id: mutant for mutant in MUTANTS}
