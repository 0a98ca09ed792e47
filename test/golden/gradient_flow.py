"""Total derivatives of a loss with respect to every state of recurrent layers, their gates, and
integrated gradients of the model's output.

A model is a stack of recurrent layers (each forwards, backwards, or both ways and concatenated)
with a dense layer of one unit on the last output; the loss is the mean of squared errors over the
batch. PyTorch's retain_grad gives the gradient at each h_t and c_t; a row that is masked at t has
there the gradient of the state that is held. Gates have the names of inspect.gates. Integrated
gradients (Sundararajan et al. 2017) of models without a mask go from a baseline in closed form to
x, by NumPy's Gauss-Legendre rule.

Equations and layouts are those of recurrent.py.
"""

import math

import numpy
import torch

from golden_format import require_close, result, to_tensor, values, wave, write
from recurrent import GATES, step

MASK = [[1, 1, 1, 1, 1, 1], [0, 1, 1, 0, 1, 0], [1, 1, 0, 0, 0, 0]]


def recurrent(layer, units, **options):
    return {"layer": layer, "units": units, "activation": "tanh", **options}


MODELS = [
    ("simpleRNN", [recurrent("simpleRNN", 5)], None),
    ("lstm", [recurrent("lstm", 5)], None),
    ("gru", [recurrent("gru", 5, resetAfter=True)], None),
    ("gru that resets before", [recurrent("gru", 5, resetAfter=False)], None),
    ("lstm backwards", [recurrent("lstm", 4, goBackwards=True)], None),
    ("masked simpleRNN", [recurrent("simpleRNN", 5)], MASK),
    ("masked lstm", [recurrent("lstm", 5)], MASK),
    ("masked gru", [recurrent("gru", 4, resetAfter=True)], MASK),
    ("lstm on gru", [recurrent("gru", 4, resetAfter=True), recurrent("lstm", 3)], None),
    ("bidirectional lstm", [recurrent("lstm", 4, bidirectional=True)], None),
    (
        "gru on masked bidirectional lstm",
        [recurrent("lstm", 3, bidirectional=True), recurrent("gru", 4, resetAfter=True)],
        MASK,
    ),
]


def weights_of(spec, features, phase):
    width = GATES[spec["layer"]] * spec["units"]
    bias = [2, width] if spec.get("resetAfter") else [width]
    return {
        "kernel": wave([features, width], 1.1 + phase, round(1.4 / math.sqrt(features), 2)),
        "recurrentKernel": wave(
            [spec["units"], width], 2.2 + phase, round(1.4 / math.sqrt(spec["units"]), 2)
        ),
        "bias": wave(bias, 0.7 + phase, 0.4),
    }


def make_case(name, layers, mask):
    batch, time, features = 3, 6, 2
    case = {"name": name, "batch": batch, "time": time, "features": features, "layers": []}
    width = features
    for index, spec in enumerate(layers):
        runs = 2 if spec.get("bidirectional") else 1
        weights = [weights_of(spec, width, 0.9 * index + 0.4 * run) for run in range(runs)]
        case["layers"].append({**spec, "weights": weights})
        width = runs * spec["units"]
    case |= {
        "x": wave([batch, time, features], 0.3),
        "y": wave([batch, 1], 2.9),
        "dense": {"kernel": wave([width, 1], 0.2), "bias": wave([1], 1.4, 0.3)},
    }
    if mask is not None:
        case["mask"] = values([batch, time], mask)
    else:
        case["baseline"] = wave([batch, time, features], 2.1, 0.5)
    return case


def gates_of(spec, weights, x, h):
    """The gates of a step from its input and the state before, one by one."""
    kernel, recurrent_kernel, bias = weights["kernel"], weights["recurrentKernel"], weights["bias"]
    units = spec["units"]

    def pre(gate, state=h):
        part = slice(gate * units, (gate + 1) * units)
        own = bias if bias.dim() == 1 else bias.sum(dim=0)
        return x @ kernel[:, part] + state @ recurrent_kernel[:, part] + own[part]

    if spec["layer"] == "simpleRNN":
        return {}
    if spec["layer"] == "lstm":
        i, f, g, o = (pre(gate) for gate in range(4))
        return {
            "i": torch.sigmoid(i),
            "f": torch.sigmoid(f),
            "g": torch.tanh(g),
            "o": torch.sigmoid(o),
        }
    z, r = torch.sigmoid(pre(0)), torch.sigmoid(pre(1))
    part = slice(2 * units, 3 * units)
    if spec["resetAfter"]:
        inner = h @ recurrent_kernel[:, part] + bias[1, part]
        n = torch.tanh(x @ kernel[:, part] + bias[0, part] + r * inner)
    else:
        n = torch.tanh(pre(2, r * h))
    return {"z": z, "r": r, "n": n}


def run_layer(spec, weights, x, mask, backwards):
    """One direction of a layer -> outputs [B,T,H] by the time of the input, and what it went by."""
    batch, time = x.shape[:2]
    names = ["h", "c"] if spec["layer"] == "lstm" else ["h"]
    states = tuple(torch.zeros(batch, spec["units"], dtype=x.dtype) for _ in names)
    steps = [None] * time
    for t in reversed(range(time)) if backwards else range(time):
        gates = gates_of(spec, weights, x[:, t], states[0])
        new = step(spec, weights, x[:, t], states)
        keep = torch.ones(batch, 1, dtype=torch.bool) if mask is None else mask[:, t : t + 1] > 0
        left = tuple(torch.where(keep, a, b) for a, b in zip(new, states))
        for tensor in (*new, *left):
            tensor.retain_grad()
        gates = {key: torch.where(keep, gate, 0.0 * gate) for key, gate in gates.items()}
        steps[t] = {"new": new, "left": left, "keep": keep, "gates": gates}
        states = left
    return torch.stack([one["left"][0] for one in steps], dim=1), states[0], steps


def forward(case, x, mask=None):
    """Predictions [B,1], and what each direction of each layer went by."""
    if mask is not None:
        x = x * mask[:, :, None]
    runs, last = [], None
    for spec in case["layers"]:
        directions = []
        for index, written in enumerate(spec["weights"]):
            weights = {key: to_tensor(one).requires_grad_() for key, one in written.items()}
            backwards = spec.get("goBackwards", False) or index == 1
            directions.append((*run_layer(spec, weights, x, mask, backwards), spec))
        outputs = [output for output, *_ in directions]
        if mask is not None and spec.get("bidirectional"):
            outputs = [output * mask[:, :, None] for output in outputs]
        x = torch.cat(outputs, dim=2)
        last = torch.cat([final for _, final, *_ in directions], dim=1)
        runs += [(steps, spec) for _, _, steps, spec in directions]
    dense = {key: to_tensor(one) for key, one in case["dense"].items()}
    return last @ dense["kernel"] + dense["bias"], runs


def run(case):
    mask = to_tensor(case["mask"]) if "mask" in case else None
    predictions, runs = forward(case, to_tensor(case["x"]), mask)
    loss = (predictions - to_tensor(case["y"])).square().mean()
    loss.backward()
    return loss, runs


def integrated_gradients(case, points):
    """(x - x') times the mean gradient of the output on the way from x' to x, [B,T,I]."""
    x, baseline = to_tensor(case["x"]), to_tensor(case["baseline"])
    nodes, weights = numpy.polynomial.legendre.leggauss(points)
    mean = torch.zeros_like(x)
    for node, weight in zip(nodes, weights):
        at = (baseline + (node + 1) / 2 * (x - baseline)).requires_grad_()
        predictions, _ = forward(case, at)
        mean += weight / 2 * torch.autograd.grad(predictions.sum(), at)[0]
    return (x - baseline) * mean


def attributions_of(case):
    attributed = integrated_gradients(case, 48)
    require_close(f"{case['name']} quadrature", integrated_gradients(case, 64), attributed, 1e-10)
    outputs = [forward(case, to_tensor(case[end]))[0].detach() for end in ("x", "baseline")]
    sums = attributed.sum(dim=(1, 2))[:, None]
    require_close(f"{case['name']} completeness", sums, outputs[0] - outputs[1], 1e-10)
    return {
        "attributions": result(attributed),
        "output": result(outputs[0]),
        "baselineOutput": result(outputs[1]),
    }


def gradients_at(step_of, index):
    """[B,H] of one state; a row that is masked has that of the state which is held."""
    new, left = step_of["new"][index], step_of["left"][index]
    zeros = torch.zeros_like(new)
    own = zeros if new.grad is None else new.grad
    held = zeros if left.grad is None else left.grad
    return torch.where(step_of["keep"], own, held)


def expected_of(steps, spec):
    names = ["h", "c"] if spec["layer"] == "lstm" else ["h"]
    flow = {}
    for index, name in enumerate(names):
        rows = torch.stack([gradients_at(one, index) for one in steps])  # [T, B, H]
        flow[name] = result(rows.norm(dim=2).sum(dim=1))
    over = {name: torch.stack([one["left"][i] for one in steps], 1) for i, name in enumerate(names)}
    for name in steps[0]["gates"]:
        over[name] = torch.stack([one["gates"][name] for one in steps], 1)
    return {"flow": flow, "gates": {name: result(tensor) for name, tensor in over.items()}}


def check_by_differences(case, runs, loss):
    """The flow of the first layer's h at step 1 against central differences of a shift of that state."""
    steps, spec = runs[0]
    if "mask" in case or spec.get("goBackwards") or spec["layer"] == "lstm" or len(runs) > 1:
        return
    weights = {key: to_tensor(one) for key, one in spec["weights"][0].items()}
    dense = {key: to_tensor(one) for key, one in case["dense"].items()}
    x, target = to_tensor(case["x"]), to_tensor(case["y"])

    def loss_with(shift):
        states = (torch.zeros(case["batch"], spec["units"], dtype=torch.float64),)
        for t in range(case["time"]):
            states = step(spec, weights, x[:, t], states)
            if t == 1:
                states = (states[0] + shift,)
        return (states[0] @ dense["kernel"] + dense["bias"] - target).square().mean()

    zero = torch.zeros(case["batch"], spec["units"], dtype=torch.float64)
    require_close(f"{case['name']} loss", loss_with(zero).detach(), loss.detach())
    numeric = torch.zeros_like(zero)
    for index in range(zero.numel()):
        shift = torch.zeros_like(zero)
        shift.view(-1)[index] = 1e-5
        numeric.view(-1)[index] = (loss_with(shift) - loss_with(-shift)).item() / 2e-5
    require_close(f"{case['name']} at 1", gradients_at(steps[1], 0), numeric, 1e-9)


def generate():
    cases = []
    for name, layers, mask in MODELS:
        case = make_case(name, layers, mask)
        loss, runs = run(case)
        check_by_differences(case, runs, loss)
        case["runs"] = [expected_of(steps, spec) for steps, spec in runs]
        if mask is None:
            case["integrated"] = attributions_of(case)
        cases.append(case)
    write("gradient-flow", cases)
