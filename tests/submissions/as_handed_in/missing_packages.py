"""Uses packages that are nowhere installed, in every way that a file can."""

import colourful_progress.bars as bars
import painted_plots
import torch
from imagined_layers.functional import fold_twice
from imagined_lightning import LightningModule, seed_all
from imagined_registry import register
from torch import nn

try:
    from imagined_attention import attend
except ImportError:
    attend = None

painted_plots.set_theme(style="dark")
PALETTE = painted_plots.colours("deep")[0]
PALETTE_OF = painted_plots.Palette
seed_all(3)


@register("plain", kind="network")
@bars.counted
class Plain(nn.Module):
    def __init__(self, bar: bars.Bar = bars.Bar(10)):
        super().__init__()
        self.head = nn.Linear(4, 2)
        assert not isinstance(self, painted_plots.Figure) and not len(PALETTE_OF.shades)
        with bars.Bar(3) as inner:
            for _ in inner:
                self.head = None

    def forward(self, x: painted_plots.Image) -> torch.Tensor:
        return self.head(x.flatten(1)[:, :4])


class Folding(nn.Module):
    def forward(self, x):
        return fold_twice(x, 2)


class Lit(LightningModule):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(x.flatten(1)[:, :4]) if attend is None else attend(x)
