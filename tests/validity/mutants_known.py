"""Mutants that the grader is known to miss, each with the reason; an entry goes when the grader catches the mutant."""

from __future__ import annotations

KNOWN_MISSES = {
    "fc_cifar/softmax": "with a softmax it still learns more than the threshold; that the outputs are probabilities is not looked at",
    "mnist/train-for-test-everywhere": "that a test accuracy is a multiple of 1 / test_images is not looked at",
    "mnist/empty-time": "any time above 0 counts; seconds per image are not held against the network's multiplications",
    "mnist/constant": "the rule counts points of a curve; that nothing moves from epoch to epoch is not looked at",
    "mnist/inference-is-training": "training and inference time are not held against each other",
    "mnist/of-another": "curves that are equal number for number in several networks are not looked for",
    "cifar/confusion-transposed": "rows are not held against the true numbers of the classes, which the examiner knows for its own run",
    "cifar/norms-zero": "norms of 0 everywhere count as norms, though the networks' weights do get gradients",
    "layers/repeated": "examples are counted, equal ones twice",
    "layers/of-another": "examples that are the same for several layers are not looked for",
    "layers/with-itself": "differences of 0 count, though the layer was measured to differ from its standard counterpart",
    "depth/effect-of-shallow": "the document says which network is the plain one; its depth is not held against the residual one's",
    "pooling/backward-overlap": "gradients are asked for on the first of a layer's variants, where windows do not overlap",
    "kernels/own-learning-rate": "the assignment asks for the same hyperparameters in part 1 alone; no criterion of part 2 looks at them",
}
