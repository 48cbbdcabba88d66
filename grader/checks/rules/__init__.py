"""Rules that documents of experiments have to hold up to, by name. A rubric names them in `rules`."""

from __future__ import annotations

from grader.checks.rules import custom, models, networks
from grader.checks.rules.reading import Reading, Rule

__all__ = ["RULES", "Reading", "Rule"]

RULES: dict[str, Rule] = {
    "same_hyperparameters": Rule(
        models.same_hyperparameters,
        "the hyperparameters of each network are recorded and equal",
        "networks that were trained differently cannot be compared",
    ),
    "accuracies": Rule(
        models.accuracies,
        "train and test accuracy of each network",
        "an accuracy that is missing, impossible or at odds with its history shows nothing",
    ),
    "accuracy_and_time": Rule(
        models.accuracy_and_time,
        "test accuracy and training time of each network",
        "a comparison needs both numbers of every network",
    ),
    "times": Rule(
        models.times,
        "training and inference time of each network",
        "a time that is missing, not positive or the same for all networks was not measured",
    ),
    "parameters_match": Rule(
        models.parameters_match,
        "the number of parameters of each network",
        "a stated number of parameters has to be that of the network",
        facts=True,
    ),
    "curves": Rule(
        models.curves,
        "loss and accuracies of each network after every epoch",
        "a learning curve needs a point for every epoch",
    ),
    "overfitting": Rule(
        models.overfitting,
        "the gap between train and test accuracy of each network",
        "overfitting is read off the gap between train and test accuracy",
    ),
    "confusion": Rule(
        networks.confusion,
        "a confusion matrix of each network",
        "a confusion matrix counts every test image once, and its diagonal is the accuracy",
    ),
    "gradient_norms": Rule(
        networks.gradient_norms,
        "gradient norms of each weight after every epoch",
        "how gradients flow shows only when every layer is measured",
        facts=True,
    ),
    "receptive_field": Rule(
        networks.receptive_field,
        "computed and measured receptive field of each network",
        "a receptive field has to be that of the network",
        facts=True,
    ),
    "conv_parameters": Rule(
        networks.conv_parameters,
        "the parameters in the convolutions of each network",
        "networks are compared at equal size only if the stated sizes are theirs",
        facts=True,
    ),
    "residual_effect": Rule(
        networks.residual_effect,
        "what the residual connections change",
        "the effect has to follow from the numbers of the two networks that are compared",
        facts=True,
    ),
    "layer_examples": Rule(
        custom.layer_examples,
        "simple examples of each layer, passed",
        "an example shows something when what is found is what was expected",
    ),
    "layer_comparison": Rule(
        custom.layer_comparison,
        "each layer beside its standard counterpart",
        "a comparison names the counterpart and differs in value, gradient and time by numbers",
    ),
    "blocks_performance": Rule(
        custom.blocks_performance,
        "accuracies of each block over seeds, their mean and the time",
        "a comparison needs the numbers of every block",
    ),
    "block_parameters": Rule(
        custom.block_parameters,
        "the parameters of each block and of the network around it",
        "a stated number of parameters has to be that of the block",
        facts=True,
    ),
    "blocks_stability": Rule(
        custom.blocks_stability,
        "spread, diverged runs and loss curves of each block over seeds",
        "stability shows only over several seeds, each with its own curve",
    ),
}
