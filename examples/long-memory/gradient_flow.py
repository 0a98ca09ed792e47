"""Computes the figures of gradient-flow.ts again: /usr/bin/python3 gradient_flow.py flow.json

The same weights and data in PyTorch's float64, with retain_grad at every state. Prints both at
the first and the last step, and the largest relative difference over all steps.
"""

import json
import sys

import torch


def tensor(written):
    return torch.tensor(written["data"], dtype=torch.float64).reshape(written["shape"])


def step(cell, weights, x, states):
    """Keras's equations: LSTM gates i, f, c, o; GRU gates z, r, h with resetAfter."""
    kernel, recurrent, bias = weights
    h = states[0]
    if cell == "simpleRNN":
        return (torch.tanh(x @ kernel + h @ recurrent + bias),)
    if cell == "lstm":
        i, f, g, o = (x @ kernel + h @ recurrent + bias).chunk(4, dim=1)
        c = torch.sigmoid(f) * states[1] + torch.sigmoid(i) * torch.tanh(g)
        return (torch.sigmoid(o) * torch.tanh(c), c)
    p_z, p_r, p_h = (x @ kernel + bias[0]).chunk(3, dim=1)
    q_z, q_r, q_h = (h @ recurrent + bias[1]).chunk(3, dim=1)
    z, r = torch.sigmoid(p_z + q_z), torch.sigmoid(p_r + q_r)
    return (z * h + (1 - z) * torch.tanh(p_h + r * q_h),)


def flow(case):
    """Sum over the samples of the norms of their gradients, [T] for each state."""
    *weights, dense_kernel, dense_bias = (tensor(one).requires_grad_() for one in case["weights"])
    x, y = tensor(case["x"]), tensor(case["y"])
    zeros = torch.zeros(x.shape[0], weights[1].shape[0], dtype=torch.float64)
    states = (zeros, zeros) if case["cell"] == "lstm" else (zeros,)
    steps = []
    for t in range(x.shape[1]):
        states = step(case["cell"], weights, x[:, t], states)
        for state in states:
            state.retain_grad()
        steps.append(states)
    (states[0] @ dense_kernel + dense_bias - y).square().mean().backward()
    names = ["h", "c"][: len(states)]
    return {
        name: [one[i].grad.norm(dim=1).sum().item() for one in steps] for i, name in enumerate(names)
    }


def main():
    for case in json.load(open(sys.argv[1], encoding="utf8")):
        for name, expected in flow(case).items():
            actual = case[name]
            # What float32 has as normal numbers, with room for the elements of a norm.
            seen = [(a, e) for a, e in zip(actual, expected) if e > 1e-34]
            worst = max(abs(a - e) / e for a, e in seen)
            print(
                f"{case['name']}, {case['when']}: {name}_1 {expected[0]:.1e} ({actual[0]:.1e}), "
                f"h_T {expected[-1]:.1e} ({actual[-1]:.1e}), differs by {worst:.1e} "
                f"over {len(seen)} of {len(expected)} steps".replace("h_T", f"{name}_T")
            )


main()
