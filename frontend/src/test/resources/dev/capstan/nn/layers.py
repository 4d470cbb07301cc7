# SPDX-License-Identifier: Apache-2.0
"""Writes layers.safetensors: what PyTorch's layers without a state compute, and their gradients.

    python3 layers.py layers.safetensors      # PyTorch 1.13, NumPy; recurrent.py beside it writes the file
"""
import sys

import torch
from torch import nn

from recurrent import write


def case(tensors, name, module, size):
    x = torch.randn(size, requires_grad=True)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    y = module(x)
    upstream = torch.randn_like(y)
    y.backward(upstream)
    tensors[name + "/input"] = x
    tensors[name + "/output"] = y
    tensors[name + "/upstream"] = upstream
    tensors[name + "/grad/input"] = x.grad
    for key, parameter in module.named_parameters():
        tensors[f"{name}/init/{key}"] = parameter
        tensors[f"{name}/grad/{key}"] = parameter.grad


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
    write(sys.argv[1], found)
