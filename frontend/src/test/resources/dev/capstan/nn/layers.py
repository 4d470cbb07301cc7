# SPDX-License-Identifier: Apache-2.0
"""Writes layers.safetensors: what PyTorch's layers without a state compute, and their gradients.

    python3 layers.py layers.safetensors      # PyTorch 1.13, NumPy; recurrent.py beside it writes the file
"""
import sys

import torch
from torch import nn

from recurrent import write


def case(tensors, name, module, size):
    x = size if torch.is_tensor(size) else torch.randn(size, requires_grad=True)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    y = module(x)
    upstream = torch.randn_like(y)
    y.backward(upstream)
    tensors[name + "/input"] = x
    tensors[name + "/output"] = y
    tensors[name + "/upstream"] = upstream
    if x.requires_grad:
        tensors[name + "/grad/input"] = x.grad
    for key, parameter in module.named_parameters():
        tensors[f"{name}/init/{key}"] = parameter
        tensors[f"{name}/grad/{key}"] = parameter.grad


def loss(tensors, name, module, x, target):
    x.requires_grad_()
    y = module(x, target)
    y.backward()
    tensors.update({name + "/input": x, name + "/target": target, name + "/output": y, name + "/grad/input": x.grad})


if __name__ == "__main__":
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float64)
    found = {}
    case(found, "layer norm", nn.LayerNorm(5), (3, 4, 5))
    case(found, "layer norm of two", nn.LayerNorm((4, 5), eps=0.1), (3, 4, 5))
    case(found, "layer norm plain", nn.LayerNorm(4, elementwise_affine=False), (3, 4))
    case(found, "softmax", nn.Softmax(1), (3, 4, 2))
    case(found, "log softmax", nn.LogSoftmax(-1), (3, 4))
    case(found, "sigmoid", nn.Sigmoid(), (3, 4))
    case(found, "embedding", nn.Embedding(5, 3), torch.tensor([[0, 4], [4, 2]]))
    case(found, "embedding with padding", nn.Embedding(5, 3, padding_idx=-1), torch.tensor([0, 4, 4, 2, 0]))
    loss(found, "cross entropy", nn.CrossEntropyLoss(), torch.randn(4, 3), torch.tensor([0, 2, 1, 2]))
    rare = nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 0.5]), reduction="sum", ignore_index=1, label_smoothing=0.2)
    loss(found, "cross entropy with options", rare, torch.randn(2, 3, 2), torch.tensor([[0, 2], [1, 2]]))
    loss(found, "negative log likelihood", nn.NLLLoss(), torch.randn(4, 3), torch.tensor([0, 2, 1, 2]))
    loss(found, "squared error", nn.MSELoss(reduction="sum"), torch.randn(4, 3), torch.randn(4, 3))
    case(found, "conv1d", nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), (2, 4, 7))
    case(found, "conv1d plain", nn.Conv1d(2, 3, 2, bias=False), (2, 5))
    case(found, "conv2d", nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=1, dilation=(1, 2)), (2, 2, 6, 5))
    case(found, "conv2d pointwise", nn.Conv2d(3, 4, 1), (2, 3, 2, 3))
    case(found, "conv2d by channel", nn.Conv2d(3, 6, 3, padding="same", groups=3), (2, 3, 4, 5))
    case(found, "max pool1d", nn.MaxPool1d(2), (2, 3, 7))
    case(found, "max pool2d", nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), (2, 2, 6, 7))
    case(found, "avg pool1d", nn.AvgPool1d(3, stride=2, padding=1, count_include_pad=False), (2, 3, 7))
    case(found, "avg pool2d", nn.AvgPool2d(2), (2, 3, 4, 5))
    case(found, "adaptive avg pool1d", nn.AdaptiveAvgPool1d(3), (2, 3, 7))
    case(found, "adaptive avg pool2d", nn.AdaptiveAvgPool2d((1, 2)), (2, 3, 4, 5))
    case(found, "flatten", nn.Flatten(), (2, 3, 4))
    write(sys.argv[1], found)
