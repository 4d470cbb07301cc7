# SPDX-License-Identifier: Apache-2.0
"""Writes recurrent.safetensors: what PyTorch's recurrent modules compute, and how AdamW trains them.

    python3 recurrent.py recurrent.safetensors      # PyTorch 1.13, NumPy
"""
import json
import struct
import sys

import torch
from torch import nn


def write(path, tensors):
    header, offset, body = {}, 0, []
    for name, tensor in tensors.items():
        data = tensor.detach().contiguous().numpy().astype("<f8").tobytes()
        header[name] = {"dtype": "F64", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        body.append(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(body))


def flat(value):
    return [value] if torch.is_tensor(value) else [part for element in value for part in flat(element)]


def case(tensors, name, module, sizes, states):
    """One module: forward, all gradients, and the losses of four steps of AdamW."""
    module = module.double()
    x = torch.randn(sizes, requires_grad=True)
    given = [torch.randn(size, requires_grad=True) for size in states]
    state = None if not given else given[0] if len(given) == 1 else tuple(given)
    outputs = flat(module(x, state))
    targets = [torch.randn_like(output) for output in outputs]

    def loss():
        return sum(((o - t) ** 2).mean() for o, t in zip(flat(module(x, state)), targets))

    tensors[name + "/input"] = x
    for i, part in enumerate(given):
        tensors[f"{name}/state{i}"] = part
    for i, (output, target) in enumerate(zip(outputs, targets)):
        tensors[f"{name}/output{i}"] = output
        tensors[f"{name}/target{i}"] = target
    for key, parameter in module.named_parameters():
        tensors[f"{name}/init/{key}"] = parameter.detach().clone()
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.05, weight_decay=0.1)
    losses = []
    for step in range(4):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        losses.append(value.detach())
        if step == 0:
            tensors[name + "/grad/input"] = x.grad.clone()
            for i, part in enumerate(given):
                tensors[f"{name}/grad/state{i}"] = part.grad.clone()
            for key, parameter in module.named_parameters():
                tensors[f"{name}/grad/{key}"] = parameter.grad.clone()
        optimizer.step()
    tensors[name + "/losses"] = torch.stack(losses)
    for key, parameter in module.named_parameters():
        tensors[f"{name}/final/{key}"] = parameter.detach().clone()


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    T, B, IN, H = 4, 2, 3, 3
    found = {}
    case(found, "rnn", nn.RNN(IN, H), (T, B, IN), [(1, B, H)])
    case(found, "rnn relu", nn.RNN(IN, H, 2, nonlinearity="relu", bias=False), (T, B, IN), [(2, B, H)])
    case(found, "rnn both", nn.RNN(IN, H, 2, bidirectional=True, batch_first=True), (B, T, IN), [(4, B, H)])
    case(found, "lstm", nn.LSTM(IN, H), (T, B, IN), [(1, B, H)] * 2)
    case(found, "lstm without state", nn.LSTM(IN, H, bias=False, batch_first=True), (B, T, IN), [])
    case(found, "lstm without batch", nn.LSTM(IN, H, bidirectional=True), (T, IN), [(2, H)] * 2)
    case(found, "lstm both", nn.LSTM(IN, H, 2, bidirectional=True, batch_first=True), (B, T, IN), [(4, B, H)] * 2)
    case(found, "gru", nn.GRU(IN, H), (T, B, IN), [(1, B, H)])
    case(found, "gru deep", nn.GRU(IN, H, 3, bias=False), (T, B, IN), [])
    case(found, "gru both", nn.GRU(IN, H, 2, bidirectional=True), (T, B, IN), [(4, B, H)])
    case(found, "rnn cell", nn.RNNCell(IN, H), (B, IN), [(B, H)])
    case(found, "rnn cell relu", nn.RNNCell(IN, H, bias=False, nonlinearity="relu"), (B, IN), [])
    case(found, "lstm cell", nn.LSTMCell(IN, H), (B, IN), [(B, H)] * 2)
    case(found, "lstm cell without batch", nn.LSTMCell(IN, H, bias=False), (IN,), [(H,)] * 2)
    case(found, "gru cell", nn.GRUCell(IN, H), (B, IN), [(B, H)])
    case(found, "gru cell without state", nn.GRUCell(IN, H, bias=False), (B, IN), [])
    write(sys.argv[1], found)
