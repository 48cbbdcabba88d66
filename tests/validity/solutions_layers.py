"""Custom layers of other tastes, four to a file, each with its backward pass written by hand."""

from __future__ import annotations

from tests.validity.solutions_base import CONTRACT, Solution, numbered

ROLES = ("custom_conv", "attention", "activation", "pooling")
CRITERIA = (*(f"3.1.{role}.{kind}" for role in ROLES for kind in ("layer", "backward")), "3.1.parameters")


def four(code: str) -> Solution:
    """One file with the four layers, under the names of the contract."""
    return Solution("", "layers", code, {role: CONTRACT[role] for role in ROLES}, CRITERIA)


GATED = """
from torch.nn.grad import conv2d_input, conv2d_weight


class GatedConv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, gate, bias, stride, padding):
        value = F.conv2d(x, weight, bias, stride, padding)
        factor = torch.sigmoid(F.conv2d(x, gate, None, stride, padding))
        ctx.save_for_backward(x, weight, gate, value, factor)
        ctx.where = stride, padding
        return value * factor

    @staticmethod
    def backward(ctx, grad):
        x, weight, gate, value, factor = ctx.saved_tensors
        by_value = grad * factor
        by_gate = grad * value * factor * (1 - factor)
        dx = conv2d_input(x.shape, weight, by_value, *ctx.where) + conv2d_input(x.shape, gate, by_gate, *ctx.where)
        dweight = conv2d_weight(x, weight.shape, by_value, *ctx.where)
        dgate = conv2d_weight(x, gate.shape, by_gate, *ctx.where)
        return dx, dweight, dgate, by_value.sum((0, 2, 3)), None, None


class CustomConv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        bound = 1 / math.sqrt(in_channels * kernel_size**2)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.gate = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.stride, self.padding = stride, padding

    def forward(self, x):
        return GatedConv.apply(x, self.weight, self.gate, self.bias, self.stride, self.padding)


class SqueezeExcite(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, down, up):
        mean = x.mean(dim=(2, 3))
        hidden = torch.clamp(mean @ down.t(), min=0)
        scale = torch.sigmoid(hidden @ up.t())
        ctx.save_for_backward(x, down, up, mean, hidden, scale)
        return x * scale[:, :, None, None]

    @staticmethod
    def backward(ctx, grad):
        x, down, up, mean, hidden, scale = ctx.saved_tensors
        dscale = (grad * x).sum(dim=(2, 3)) * scale * (1 - scale)
        dhidden = (dscale @ up) * (hidden > 0).to(x.dtype)
        dmean = dhidden @ down
        area = x.shape[2] * x.shape[3]
        dx = grad * scale[:, :, None, None] + dmean[:, :, None, None] / area
        return dx, dhidden.t() @ mean, dscale.t() @ hidden


class ChannelAttention(nn.Module):
    def __init__(self, channels, reduction=8):
        super().__init__()
        self.down = nn.Parameter(torch.randn(channels // reduction, channels) / math.sqrt(channels))
        self.up = nn.Parameter(torch.randn(channels, channels // reduction) / math.sqrt(channels // reduction))

    def forward(self, x):
        return SqueezeExcite.apply(x, self.down, self.up)


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x, beta)
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, grad):
        x, beta = ctx.saved_tensors
        s = torch.sigmoid(beta * x)
        ds = s * (1 - s)
        return grad * (s + beta * x * ds), (grad * x * x * ds).sum()


class CustomActivation(nn.Module):
    def __init__(self, beta=1.0):
        super().__init__()
        self.beta = nn.Parameter(torch.tensor(float(beta)))

    def forward(self, x):
        return Swish.apply(x, self.beta)


class SoftPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, size, stride):
        n, c, h, w = x.shape
        windows = F.unfold(x, size, stride=stride).reshape(n, c, size * size, -1)
        weights = torch.softmax(windows, dim=2)
        pooled = (weights * windows).sum(dim=2)
        ctx.save_for_backward(windows, weights, pooled)
        ctx.sizes = (h, w), size, stride
        return pooled.reshape(n, c, (h - size) // stride + 1, (w - size) // stride + 1)

    @staticmethod
    def backward(ctx, grad):
        windows, weights, pooled = ctx.saved_tensors
        side, size, stride = ctx.sizes
        local = weights * (1 + windows - pooled[:, :, None])
        local = local * grad.flatten(2)[:, :, None]
        return F.fold(local.flatten(1, 2), side, size, stride=stride), None, None


class CustomPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride or kernel_size

    def forward(self, x):
        return SoftPool.apply(x, self.kernel_size, self.stride)
"""

MODULATED = """
class DampedConvFunction(torch.autograd.Function):
    \"\"\"The kernel is damped by a learnable Gaussian around its centre, one width per output channel.\"\"\"

    @staticmethod
    def forward(ctx, x, w, sharpness, distance, stride, padding):
        mask = torch.exp(-(sharpness[:, None, None, None] ** 2) * distance)
        kernel = w * mask
        ctx.save_for_backward(x, w, sharpness, distance, mask)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, kernel, stride=stride, padding=padding)

    @staticmethod
    def backward(ctx, g):
        x, w, sharpness, distance, mask = ctx.saved_tensors
        k = w.shape[-1]
        columns = F.unfold(x, k, padding=ctx.padding, stride=ctx.stride)
        flat = g.flatten(2)
        dkernel = torch.einsum("nol,ncl->oc", flat, columns).view_as(w)
        dcolumns = torch.einsum("oc,nol->ncl", (w * mask).flatten(1), flat)
        dx = F.fold(dcolumns, x.shape[2:], k, padding=ctx.padding, stride=ctx.stride)
        dsharpness = (dkernel * w * mask * -distance).sum((1, 2, 3)) * 2 * sharpness
        return dx, dkernel * mask, dsharpness, None, None, None


class CustomConv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.weight = nn.Parameter(nn.init.kaiming_normal_(torch.empty(out_channels, in_channels, kernel_size, kernel_size)))
        self.sharpness = nn.Parameter(torch.full((out_channels,), 0.3))
        at = torch.arange(kernel_size, dtype=torch.float32) - (kernel_size - 1) / 2
        self.register_buffer("distance", (at[:, None] ** 2 + at[None, :] ** 2)[None, None])
        self.stride, self.padding = stride, padding

    def forward(self, x):
        return DampedConvFunction.apply(x, self.weight, self.sharpness, self.distance, self.stride, self.padding)


class EfficientAttentionFunction(torch.autograd.Function):
    \"\"\"ECA (Wang et al. 2020): a short convolution along the channels' means.\"\"\"

    @staticmethod
    def forward(ctx, x, weight):
        mean = x.mean((-2, -1))
        gate = F.conv1d(mean[:, None], weight, padding=weight.shape[-1] // 2)[:, 0].sigmoid()
        ctx.save_for_backward(x, weight, mean, gate)
        return x * gate[..., None, None]

    @staticmethod
    def backward(ctx, g):
        x, weight, mean, gate = ctx.saved_tensors
        dscore = (g * x).sum((-2, -1)) * gate * (1 - gate)
        k = weight.shape[-1]
        near = F.pad(mean, (k // 2, k // 2)).unfold(1, k, 1)
        dweight = torch.einsum("nc,nck->k", dscore, near).view_as(weight)
        dmean = F.conv_transpose1d(dscore[:, None], weight, padding=k // 2)[:, 0]
        return g * gate[..., None, None] + dmean[..., None, None] / (x.shape[-1] * x.shape[-2]), dweight


class ChannelAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        side = int(abs(math.log2(channels) + 1) / 2)
        side += 1 - side % 2
        self.weight = nn.Parameter(torch.randn(1, 1, side) / side**0.5)

    def forward(self, x):
        return EfficientAttentionFunction.apply(x, self.weight)


class SquaredReLUFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        positive = x.clamp(min=0)
        ctx.save_for_backward(positive)
        return positive * positive

    @staticmethod
    def backward(ctx, g):
        (positive,) = ctx.saved_tensors
        return 2 * positive * g


class CustomActivation(nn.Module):
    def forward(self, x):
        return SquaredReLUFunction.apply(x)


class RootMeanSquarePool(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, kernel_size, stride):
        out = (F.avg_pool2d(x * x, kernel_size, stride) + 1e-6).sqrt()
        ctx.save_for_backward(x, out)
        ctx.kernel_size, ctx.stride = kernel_size, stride
        return out

    @staticmethod
    def backward(ctx, g):
        x, out = ctx.saved_tensors
        k, c = ctx.kernel_size, x.shape[1]
        share = g / (out * k * k)
        ones = torch.ones(c, 1, k, k, dtype=x.dtype, device=x.device)
        spread = F.conv_transpose2d(share, ones, stride=ctx.stride, groups=c)
        spread = F.pad(spread, (0, x.shape[3] - spread.shape[3], 0, x.shape[2] - spread.shape[2]))
        return spread * x, None, None


class CustomPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size

    def forward(self, x):
        return RootMeanSquarePool.apply(x, self.kernel_size, self.stride)
"""

QUADRATIC = """
class QuadraticConv(torch.autograd.Function):
    \"\"\"y = w * x + q * x^2 + b: each neuron also sees the squares.\"\"\"

    @staticmethod
    def forward(ctx, x, linear, square, bias, stride, padding):
        ctx.save_for_backward(x, linear, square)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, linear, bias, stride, padding) + F.conv2d(x.pow(2), square, None, stride, padding)

    @staticmethod
    def backward(ctx, grad_output):
        x, linear, square = ctx.saved_tensors
        s, p = ctx.stride, ctx.padding
        grad_input = torch.nn.grad.conv2d_input(x.shape, linear, grad_output, stride=s, padding=p)
        grad_input = grad_input + 2 * x * torch.nn.grad.conv2d_input(x.shape, square, grad_output, stride=s, padding=p)
        grad_linear = torch.nn.grad.conv2d_weight(x, linear.shape, grad_output, stride=s, padding=p)
        grad_square = torch.nn.grad.conv2d_weight(x.pow(2), square.shape, grad_output, stride=s, padding=p)
        return grad_input, grad_linear, grad_square, grad_output.sum(dim=(0, 2, 3)), None, None


class CustomConv2d(nn.Conv2d):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__(in_channels, out_channels, kernel_size, stride, padding)
        self.square = nn.Parameter(0.1 * torch.randn_like(self.weight))

    def forward(self, x):
        return QuadraticConv.apply(x, self.weight, self.square, self.bias, self.stride, self.padding)


class SelfAttentionFunction(torch.autograd.Function):
    \"\"\"y = x + gain * v softmax(q^T k / sqrt(d))^T over the pixels.\"\"\"

    @staticmethod
    def forward(ctx, x, wq, wk, wv, gain):
        flat = x.flatten(2)
        q, k, v = wq @ flat, wk @ flat, wv @ flat
        attention = torch.softmax(q.transpose(1, 2) @ k / wq.shape[0] ** 0.5, dim=-1)
        mixed = v @ attention.transpose(1, 2)
        ctx.save_for_backward(flat, wq, wk, wv, gain, q, k, v, attention, mixed)
        return x + gain * mixed.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        flat, wq, wk, wv, gain, q, k, v, attention, mixed = ctx.saved_tensors
        g = grad.flatten(2)
        dmixed = gain * g
        dv = dmixed @ attention
        dattention = dmixed.transpose(1, 2) @ v
        dscores = attention * (dattention - (dattention * attention).sum(-1, keepdim=True)) / wq.shape[0] ** 0.5
        dq, dk = k @ dscores.transpose(1, 2), q @ dscores
        dx = g + wq.t() @ dq + wk.t() @ dk + wv.t() @ dv
        back = flat.transpose(1, 2)
        return dx.view_as(grad), (dq @ back).sum(0), (dk @ back).sum(0), (dv @ back).sum(0), (g * mixed).sum().view_as(gain)


class ChannelAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        inner = channels // 4
        self.query = nn.Parameter(torch.randn(inner, channels) * channels**-0.5)
        self.key = nn.Parameter(torch.randn(inner, channels) * channels**-0.5)
        self.value = nn.Parameter(torch.randn(channels, channels) * channels**-0.5)
        self.gain = nn.Parameter(torch.full((1,), 0.5))

    def forward(self, x):
        return SelfAttentionFunction.apply(x, self.query, self.key, self.value, self.gain)


class BentIdentity(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        root = torch.sqrt(x * x + 1)
        ctx.save_for_backward(x / root)
        return (root - 1) / 2 + x

    @staticmethod
    def backward(ctx, grad):
        return grad * (ctx.saved_tensors[0] / 2 + 1)


class CustomActivation(nn.Module):
    def forward(self, x):
        return BentIdentity.apply(x)


class LogSumExpPool(torch.autograd.Function):
    \"\"\"log(mean(exp(t x))) / t: between the mean (t -> 0) and the maximum (t -> infinity); t = exp(s) is learnt.\"\"\"

    @staticmethod
    def forward(ctx, x, s, k, stride):
        n, c, h, w = x.shape
        t = s.exp()
        windows = F.unfold(x, k, stride=stride).view(n, c, k * k, -1)
        pooled = (torch.logsumexp(t * windows, dim=2) - math.log(k * k)) / t
        ctx.save_for_backward(windows, t, pooled)
        ctx.geometry = (h, w), k, stride
        return pooled.view(n, c, (h - k) // stride + 1, -1)

    @staticmethod
    def backward(ctx, grad):
        windows, t, pooled = ctx.saved_tensors
        size, k, stride = ctx.geometry
        share = torch.softmax(t * windows, dim=2)
        g = grad.flatten(2)
        dx = F.fold((share * g.unsqueeze(2)).flatten(1, 2), size, k, stride=stride)
        dt = ((share * windows).sum(2) - pooled) / t
        return dx, (g * dt).sum() * t, None, None


class CustomPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride or kernel_size
        self.s = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return LogSumExpPool.apply(x, self.s, self.kernel_size, self.stride)
"""

COSINE = """
class CosineConvFunction(torch.autograd.Function):
    \"\"\"The cosine between each patch and each kernel, times a learnable scale per output channel, plus a bias.\"\"\"

    @staticmethod
    def forward(ctx, x, weight, scale, bias, stride, padding):
        n, k = x.shape[0], weight.shape[-1]
        columns = F.unfold(x, k, padding=padding, stride=stride)  # (N, Ckk, L)
        lengths = (columns.square().sum(1, keepdim=True) + 1e-3).sqrt()
        patches = columns / lengths
        flat = weight.flatten(1)
        norms = (flat.square().sum(1, keepdim=True) + 1e-6).sqrt()
        kernels = flat / norms
        cosine = kernels @ patches  # (N, O, L)
        ctx.save_for_backward(patches, lengths, kernels, norms, cosine, scale)
        ctx.geometry = x.shape[2:], k, stride, padding, weight.shape
        height = (x.shape[2] + 2 * padding - k) // stride + 1
        return (scale[:, None] * cosine + bias[:, None]).view(n, len(flat), height, -1)

    @staticmethod
    def backward(ctx, grad):
        patches, lengths, kernels, norms, cosine, scale = ctx.saved_tensors
        size, k, stride, padding, shape = ctx.geometry
        g = grad.flatten(2)
        dcosine = g * scale[:, None]
        dpatches = kernels.t() @ dcosine
        dcolumns = (dpatches - patches * (dpatches * patches).sum(1, keepdim=True)) / lengths
        dkernels = (dcosine @ patches.transpose(1, 2)).sum(0)
        dflat = (dkernels - kernels * (dkernels * kernels).sum(1, keepdim=True)) / norms
        dx = F.fold(dcolumns, size, k, padding=padding, stride=stride)
        return dx, dflat.view(shape), (g * cosine).sum((0, 2)), g.sum((0, 2)), None, None


class CustomConv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.scale = nn.Parameter(torch.ones(out_channels) * 3)
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.stride, self.padding = stride, padding

    def forward(self, x):
        return CosineConvFunction.apply(x, self.kernel, self.scale, self.bias, self.stride, self.padding)


class PixelGate(torch.autograd.Function):
    \"\"\"Spatial squeeze: each pixel is weighed by what all its channels hold (Roy et al. 2018).\"\"\"

    @staticmethod
    def forward(ctx, x, weight, bias):
        gate = torch.sigmoid((x * weight[None, :, None, None]).sum(1, keepdim=True) + bias)
        ctx.save_for_backward(x, weight, gate)
        return x * gate

    @staticmethod
    def backward(ctx, grad):
        x, weight, gate = ctx.saved_tensors
        dscore = (grad * x).sum(1, keepdim=True) * gate * (1 - gate)
        return grad * gate + dscore * weight[None, :, None, None], (dscore * x).sum((0, 2, 3)), dscore.sum().view(1)


class ChannelAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(channels) / channels**0.5), nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return PixelGate.apply(x, self.weight, self.bias)


class Wave(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, amount):
        ctx.save_for_backward(x, amount)
        return x + amount * torch.sin(x) ** 2

    @staticmethod
    def backward(ctx, grad):
        x, amount = ctx.saved_tensors
        return grad * (1 + amount * torch.sin(2 * x)), (grad * torch.sin(x) ** 2).sum()


class CustomActivation(nn.Module):
    \"\"\"Snake with the frequency fixed and the height learnt (after Ziyin et al. 2020).\"\"\"

    def __init__(self):
        super().__init__()
        self.amount = nn.Parameter(torch.tensor(0.8))

    def forward(self, x):
        return Wave.apply(x, self.amount)


class ExtremesPool(torch.autograd.Function):
    \"\"\"high * maximum + low * minimum of each window.\"\"\"

    @staticmethod
    def forward(ctx, x, high, low, k, stride):
        largest, where_largest = F.max_pool2d(x, k, stride, return_indices=True)
        smallest, where_smallest = F.max_pool2d(-x, k, stride, return_indices=True)
        ctx.save_for_backward(largest, where_largest, smallest, where_smallest, high, low)
        ctx.shape = x.shape
        return high * largest - low * smallest

    @staticmethod
    def backward(ctx, grad):
        largest, where_largest, smallest, where_smallest, high, low = ctx.saved_tensors
        dx = grad.new_zeros(ctx.shape).flatten(2)
        dx.scatter_add_(2, where_largest.flatten(2), (grad * high).flatten(2))
        dx.scatter_add_(2, where_smallest.flatten(2), (grad * low).flatten(2))
        return dx.view(ctx.shape), (grad * largest).sum(), -(grad * smallest).sum(), None, None


class CustomPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride or kernel_size
        self.high, self.low = nn.Parameter(torch.tensor(0.8)), nn.Parameter(torch.tensor(0.2))

    def forward(self, x):
        return ExtremesPool.apply(x, self.high, self.low, self.kernel_size, self.stride)
"""

SOLUTIONS = numbered("layers", {"gated": four(GATED), "modulated": four(MODULATED), "quadratic": four(QUADRATIC), "cosine": four(COSINE)})
