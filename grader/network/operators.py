"""The allow-list: every operator that a network as data may name, with the types of its arguments.

Names are looked up here and nowhere else. The types come from torch's own operator schemas, so an argument is
checked against exactly what the operator takes. What is missing is missing on purpose: anything that reads
memory it was not given (``as_strided``), has an output whose shape depends on values, reads numbers out
of tensors, runs a sub-graph, or pools at random positions (``fractional_max_pool2d``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from .standins import STAND_INS

_TABLE = {
    "conv": "conv1d.default conv1d.padding conv2d.default conv2d.padding conv_transpose1d.default "
    "conv_transpose2d.input convolution.default",
    "matrix": "linear.default mm.default bmm.default matmul.default addmm.default addbmm.default baddbmm.default "
    "einsum.default mv.default dot.default outer.default addmv.default scaled_dot_product_attention.default "
    "bilinear.default",
    "norm": "batch_norm.default group_norm.default layer_norm.default instance_norm.default rms_norm.default",
    "pool": "max_pool2d.default max_pool2d_with_indices.default avg_pool2d.default adaptive_avg_pool2d.default "
    "avg_pool3d.default adaptive_max_pool2d.default max_pool1d.default avg_pool1d.default "
    "adaptive_avg_pool1d.default adaptive_max_pool1d.default",
    "nonlinearity": "relu.default relu_.default relu6.default relu6_.default leaky_relu.default leaky_relu_.default "
    "elu.default elu_.default selu.default selu_.default celu.default celu_.default gelu.default "
    "gelu_.default silu.default silu_.default mish.default mish_.default hardtanh.default hardtanh_.default "
    "hardswish.default hardswish_.default hardsigmoid.default hardsigmoid_.default hardshrink.default "
    "softshrink.default softplus.default sigmoid.default sigmoid_.default tanh.default tanh_.default "
    "log_sigmoid.default prelu.default rrelu.default rrelu_.default threshold.default threshold_.default "
    "glu.default clamp.default clamp_.default clamp.Tensor clamp_min.default clamp_min_.default "
    "clamp_max.default clamp_max_.default clamp_min.Tensor clamp_max.Tensor clip.default clip_.default "
    "abs.default abs_.default sin.default sin_.default cos.default cos_.default tan.default asin.default "
    "acos.default atan.default atan2.default sinh.default cosh.default asinh.default exp.default exp_.default "
    "exp2.default expm1.default log.default log_.default log2.default log10.default log1p.default "
    "sqrt.default sqrt_.default rsqrt.default rsqrt_.default pow.Tensor_Scalar pow.Tensor_Tensor pow.Scalar "
    "pow_.Scalar square.default square_.default reciprocal.default reciprocal_.default erf.default "
    "erfc.default sinc.default sign.default sgn.default floor.default ceil.default round.default "
    "trunc.default frac.default logit.default maximum.default minimum.default fmax.default fmin.default "
    "max.other min.other heaviside.default nan_to_num.default special_logit.default logaddexp.default "
    "hypot.default xlogy.Tensor",
    "softmax": "softmax.int log_softmax.int _softmax.default _log_softmax.default logsumexp.default",
    "dropout": "dropout.default dropout_.default feature_dropout.default feature_dropout_.default alpha_dropout.default "
    "alpha_dropout_.default feature_alpha_dropout.default feature_alpha_dropout_.default "
    "native_dropout.default",
    "random": "bernoulli.default bernoulli.p bernoulli_.float bernoulli_.Tensor rand_like.default randn_like.default "
    "rand.default randn.default normal_.default uniform_.default bernoulli.Tensor normal_functional.default "
    "uniform.default randperm.default",
    "creation": "empty.memory_format empty_like.default new_empty.default full.default full_like.default zeros.default "
    "zeros_like.default ones.default ones_like.default arange.default arange.start arange.start_step "
    "linspace.default eye.default eye.m scalar_tensor.default new_zeros.default new_ones.default "
    "new_full.default",
    "movement": "view.default reshape.default _unsafe_view.default view_as.default reshape_as.default flatten.using_ints "
    "unflatten.int squeeze.default squeeze.dim squeeze.dims unsqueeze.default transpose.int t.default "
    "permute.default movedim.int movedim.intlist swapaxes.default numpy_T.default mT.default expand.default "
    "expand_as.default repeat.default tile.default repeat_interleave.self_int cat.default concat.default "
    "stack.default hstack.default vstack.default split.Tensor split.sizes split_with_sizes.default "
    "chunk.default unbind.int tensor_split.sections select.int slice.Tensor narrow.default unfold.default "
    "im2col.default col2im.default flip.default roll.default rot90.default pad.default "
    "constant_pad_nd.default reflection_pad1d.default reflection_pad2d.default replication_pad1d.default "
    "replication_pad2d.default _pad_circular.default pixel_shuffle.default pixel_unshuffle.default "
    "channel_shuffle.default contiguous.default clone.default detach.default alias.default "
    "lift_fresh_copy.default to.dtype to.device to.dtype_layout to.other _to_copy.default type_as.default "
    "diagonal.default diag_embed.default tril.default triu.default select_scatter.default "
    "slice_scatter.default broadcast_tensors.default atleast_1d.default atleast_2d.default ravel.default",
    "resample": "upsample_nearest2d.vec upsample_nearest2d.default upsample_bilinear2d.vec upsample_bilinear2d.default "
    "upsample_bicubic2d.vec upsample_bicubic2d.default upsample_nearest1d.vec upsample_linear1d.vec "
    "_upsample_nearest_exact2d.vec grid_sampler.default affine_grid_generator.default",
    "arithmetic": "_weight_norm.default "
    "add.Tensor add.Scalar add_.Tensor add_.Scalar sub.Tensor sub.Scalar sub_.Tensor sub_.Scalar rsub.Tensor "
    "rsub.Scalar mul.Tensor mul.Scalar mul_.Tensor mul_.Scalar div.Tensor div.Scalar div_.Tensor div_.Scalar "
    "div.Tensor_mode div.Scalar_mode neg.default neg_.default addcmul.default addcmul_.default "
    "addcdiv.default addcdiv_.default lerp.Scalar lerp.Tensor lerp_.Scalar lerp_.Tensor remainder.Scalar "
    "remainder.Tensor fmod.Scalar fmod.Tensor floor_divide.default floor_divide.Scalar zero_.default "
    "zero.default fill_.Scalar fill_.Tensor fill.Scalar fill.Tensor copy_.default copy.default "
    "masked_fill.Scalar masked_fill.Tensor masked_fill_.Scalar masked_fill_.Tensor where.self "
    "where.ScalarOther where.ScalarSelf where.Scalar cumsum.default cumprod.default diff.default "
    "cosine_similarity.default pairwise_distance.default cdist.default",
    "comparison": "gt.Scalar gt.Tensor lt.Scalar lt.Tensor ge.Scalar ge.Tensor le.Scalar le.Tensor eq.Scalar eq.Tensor "
    "ne.Scalar ne.Tensor logical_and.default logical_or.default logical_not.default logical_xor.default "
    "bitwise_and.Tensor bitwise_or.Tensor bitwise_not.default isnan.default isinf.default isfinite.default "
    "any.dim any.default all.dim all.default",
    "reduction": "sum.default sum.dim_IntList mean.default mean.dim max.default max.dim min.default min.dim amax.default "
    "amin.default prod.default prod.dim_int var.default var.dim var.correction std.default std.dim "
    "std.correction var_mean.correction var_mean.dim std_mean.correction argmax.default argmin.default "
    "norm.Scalar norm.ScalarOpt_dim norm.ScalarOpt_dim_dtype linalg_vector_norm.default linalg_norm.default "
    "median.dim median.default topk.default sort.default argsort.default cummax.default",
    "lookup": "index.Tensor index_select.default gather.default embedding.default take_along_dim.default one_hot.default",
    "size": "sym_size.int sym_numel.default",
}
DROPPED = frozenset({"aten._assert_tensor_metadata.default", "aten._assert_async.msg", "aten._assert_scalar.default"})
STRINGS = frozenset({"none", "tanh", "trunc", "floor", "constant", "reflect", "replicate", "circular", "same", "valid", "fro", "nuc"})
INTEGER_OPS: dict[str, Callable[..., int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "floordiv": lambda a, b: a // b,
    "neg": lambda a: -a,
}


@dataclass(frozen=True)
class Argument:
    """One argument of an operator, as its schema declares it."""

    name: str
    type: str  # "Tensor", "List[int]", "ScalarType", ... without "Optional[...]"
    optional: bool
    keyword_only: bool
    default: Any  # REQUIRED where there is none
    written: bool  # an in-place operator changes it
    broadcast: bool  # one int stands for a list of them


REQUIRED: Any = object()


@dataclass(frozen=True)
class Operator:
    """An operator of the allow-list: what it calls, what kind of thing it is, and its arguments."""

    name: str
    kind: str
    function: Callable[..., Any]
    arguments: tuple[Argument, ...]
    returns: str  # "tensor" | "tensors" | "int"
    aliases: bool  # the result may share memory with the first argument

    @property
    def in_place(self) -> bool:
        """Whether it writes to its first argument."""
        return bool(self.arguments) and self.arguments[0].written


_KINDS = {f"aten.{name}": kind for kind, names in _TABLE.items() for name in names.split()}


def allowed(name: str) -> bool:
    """Whether ``name`` is in the allow-list (and in this torch)."""
    return operator(name) is not None


@cache
def operator(name: str) -> Operator | None:
    """The operator of that name, or None where it is not in the allow-list."""
    if name == "getitem":
        return Operator(name, "getitem", lambda values, index: values[index], _GETITEM, "tensor", False)
    if name in INTEGER_OPS:
        names = ("a",) if name == "neg" else ("a", "b")
        arguments = tuple(Argument(n, "int", False, False, REQUIRED, False, False) for n in names)
        return Operator(name, "integer", INTEGER_OPS[name], arguments, "int", False)
    if name not in _KINDS:
        return None
    _, base, overload = name.split(".")
    function = getattr(getattr(torch.ops.aten, base, None), overload, None)
    return None if function is None else _from_schema(name, function)


def counterpart(name: str) -> Operator | None:
    """The operator that computes what the in-place ``name`` computes, without writing."""
    _, base, overload = name.split(".")
    special = {
        "bernoulli_.float": "aten.bernoulli.p",
        "normal_.default": "aten.normal_functional.default",
        "pow_.Scalar": "aten.pow.Tensor_Scalar",
    }
    return operator(special.get(f"{base}.{overload}", f"aten.{base.removesuffix('_')}.{overload}"))


def _from_schema(name: str, function: Any) -> Operator:
    schema = function._schema
    arguments = tuple(_argument(argument) for argument in schema.arguments)
    single = len(schema.returns) == 1
    kind = str(schema.returns[0].type)
    returns = "int" if kind == "int" else "tensor" if single and kind == "Tensor" else "tensors"
    first = schema.arguments[0].alias_info if schema.arguments else None
    aliases = first is not None and not first.is_write
    call = STAND_INS.get(name, function)
    return Operator(name, _KINDS[name], call, arguments, returns, aliases or name in _MAYBE_VIEWS)


def _argument(argument: Any) -> Argument:
    kind = str(argument.real_type).replace("SymInt", "int")
    optional = kind.startswith("Optional[")
    kind = kind[len("Optional[") : -1] if optional else kind
    default = argument.default_value if argument.has_default_value() else REQUIRED
    written = argument.alias_info is not None and argument.alias_info.is_write
    return Argument(argument.name, kind, optional, argument.kwarg_only, default, written, kind == "List[int]" and argument.N is not None)


_GETITEM = (
    Argument("values", "Values", False, False, REQUIRED, False, False),
    Argument("index", "int", False, False, REQUIRED, False, False),
)


# Their schemas do not say that the result can be the argument itself (an inactive dropout) or a view of it.
_MAYBE_VIEWS_TEXT = (
    "dropout.default feature_dropout.default alpha_dropout.default feature_alpha_dropout.default "
    "broadcast_tensors.default atleast_1d.default atleast_2d.default einsum.default pixel_shuffle.default "
    "pixel_unshuffle.default channel_shuffle.default type_as.default _unsafe_view.default"
)
_MAYBE_VIEWS = frozenset(f"aten.{name}" for name in _MAYBE_VIEWS_TEXT.split())
