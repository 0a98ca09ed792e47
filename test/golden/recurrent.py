"""Forward and backward pass of the recurrent layers, in Keras's layouts.

x [B,T,I], kernel [I,G*H], recurrentKernel [H,G*H], bias [G*H] (GRU with resetAfter: [2,3H]).
Gate order: LSTM i,f,c,o; GRU z,r,h.

A masked step (mask 0) holds the state; its output is the held state h, that is h0 before the
first step that counts. (Keras writes zeros there; the two agree unless an initial state is given.)
With zeroOutputForMask the output of a masked step is zero. With goBackwards the outputs stay in
the order in which they were computed.
"""

import math

import torch

from golden_format import leaf, relative_to_max, require_close, result, to_tensor, values
from golden_format import wave, write

CELLS = [
    {"layer": "simpleRNN", "activation": "tanh"},
    {"layer": "simpleRNN", "activation": "relu"},
    {"layer": "lstm", "activation": "tanh"},
    {"layer": "gru", "activation": "tanh", "resetAfter": True},
    {"layer": "gru", "activation": "tanh", "resetAfter": False},
]
GATES = {"simpleRNN": 1, "lstm": 4, "gru": 3}
FILES = {"simpleRNN": "simple-rnn", "lstm": "lstm", "gru": "gru"}

SHAPES = [(2, 5, 3, 4), (3, 7, 5, 6), (1, 1, 1, 1), (1, 4, 2, 1), (2, 3, 4, 17), (5, 2, 3, 33)]

RIGHT = [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
LEFT = [[0, 0, 1, 1, 1], [0, 1, 1, 1, 1]]
MIDDLE = [[1, 0, 1, 1, 1], [1, 1, 0, 0, 1]]
EMPTY_ROW = [[1, 1, 1, 0, 1], [0, 0, 0, 0, 0]]
MIXED = [[1, 1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1, 1], [1, 0, 1, 1, 0, 0, 1]]
SHORT = [[1, 1, 0], [1, 0, 0]]

# name, (B,T,I,H), options
VARIANTS = [("plain", shape, {}) for shape in SHAPES] + [
    ("initialState", (2, 5, 3, 4), {"initialState": True}),
    ("goBackwards", (2, 5, 3, 4), {"goBackwards": True}),
    ("lastOutput", (2, 5, 3, 4), {"returnSequences": False}),
    ("maskRight", (2, 5, 3, 4), {"mask": RIGHT}),
    ("maskLeft", (2, 5, 3, 4), {"mask": LEFT}),
    ("maskMiddle", (2, 5, 3, 4), {"mask": MIDDLE}),
    ("maskLeft+initialState", (2, 5, 3, 4), {"mask": LEFT, "initialState": True}),
    ("maskEmptyRow+initialState", (2, 5, 3, 4), {"mask": EMPTY_ROW, "initialState": True}),
    (
        "maskRight+goBackwards+initialState",
        (2, 5, 3, 4),
        {"mask": RIGHT, "goBackwards": True, "initialState": True},
    ),
    (
        "maskRight+lastOutput+initialState",
        (2, 5, 3, 4),
        {"mask": RIGHT, "returnSequences": False, "initialState": True},
    ),
    (
        "maskMiddle+zeroOutputForMask+initialState",
        (2, 5, 3, 4),
        {"mask": MIDDLE, "zeroOutputForMask": True, "initialState": True},
    ),
    (
        "maskMixed+goBackwards+initialState",
        (3, 7, 5, 6),
        {"mask": MIXED, "goBackwards": True, "initialState": True},
    ),
    ("maskRight+initialState", (2, 3, 4, 17), {"mask": SHORT, "initialState": True}),
]


def make_case(cell, name, shape, options):
    batch, time, features, units = shape
    width = GATES[cell["layer"]] * units
    states = ["h", "c"] if cell["layer"] == "lstm" else ["h"]
    bias_shape = [2, width] if cell.get("resetAfter") else [width]
    inputs = {
        "x": wave([batch, time, features], 0.3),
        "kernel": wave([features, width], 1.1, round(1.4 / math.sqrt(features), 2)),
        "recurrentKernel": wave([units, width], 2.2, round(1.4 / math.sqrt(units), 2)),
        "bias": wave(bias_shape, 0.7, 0.4),
    }
    if options.get("initialState"):
        for index, state in enumerate(states):
            inputs[f"{state}0"] = wave([batch, units], 1.6 + index, 0.8)
    sequences = options.get("returnSequences", True)
    loss_weights = {"y": wave([batch, time, units] if sequences else [batch, units], 2.9)}
    for index, state in enumerate(states):
        loss_weights[state] = wave([batch, units], 0.5 + 0.8 * index, 0.9)
    label = "x".join(str(size) for size in shape)
    case = {"name": f"{cell_name(cell)}/{label}/{name}", **cell}
    case |= {"batch": batch, "time": time, "features": features, "units": units}
    case |= {
        "returnSequences": sequences,
        "goBackwards": options.get("goBackwards", False),
        "zeroOutputForMask": options.get("zeroOutputForMask", False),
        "inputs": inputs,
        "lossWeights": loss_weights,
    }
    if "mask" in options:
        case["mask"] = values([batch, time], options["mask"])
    return case


def cell_name(cell):
    if cell["layer"] == "simpleRNN":
        return f"simpleRNN-{cell['activation']}"
    if cell["layer"] == "gru":
        return "gru-resetAfter" if cell["resetAfter"] else "gru-resetBefore"
    return cell["layer"]


def step(case, weights, x, states):
    """One time step: x [B,I], states (h [B,H],) or (h, c) -> the new states."""
    h = states[0]
    kernel, recurrent, bias = weights["kernel"], weights["recurrentKernel"], weights["bias"]
    if case["layer"] == "simpleRNN":
        a = x @ kernel + h @ recurrent + bias  # [B, H]
        if case["activation"] == "relu":
            # Near a kink float32 could fall on the other side and have another gradient.
            assert a.abs().min() > 1e-5, case["name"]
            return (torch.relu(a),)
        return (torch.tanh(a),)
    if case["layer"] == "lstm":
        i, f, g, o = (x @ kernel + h @ recurrent + bias).chunk(4, dim=1)  # each [B, H]
        c = torch.sigmoid(f) * states[1] + torch.sigmoid(i) * torch.tanh(g)
        return (torch.sigmoid(o) * torch.tanh(c), c)
    if case["resetAfter"]:
        p_z, p_r, p_h = (x @ kernel + bias[0]).chunk(3, dim=1)
        q_z, q_r, q_h = (h @ recurrent + bias[1]).chunk(3, dim=1)
        z, r = torch.sigmoid(p_z + q_z), torch.sigmoid(p_r + q_r)
        candidate = torch.tanh(p_h + r * q_h)
    else:
        p_z, p_r, p_h = (x @ kernel + bias).chunk(3, dim=1)
        r_z, r_r, r_h = recurrent.chunk(3, dim=1)
        z, r = torch.sigmoid(p_z + h @ r_z), torch.sigmoid(p_r + h @ r_r)
        candidate = torch.tanh(p_h + (r * h) @ r_h)
    return (z * h + (1 - z) * candidate,)


def run_loop(case, inputs, mask):
    """The layer as an explicit loop over time -> {y, h, c}."""
    x = inputs["x"].flip(1) if case["goBackwards"] else inputs["x"]
    mask = mask.flip(1) if case["goBackwards"] and mask is not None else mask
    zeros = torch.zeros(case["batch"], case["units"], dtype=x.dtype)
    names = ["h", "c"] if case["layer"] == "lstm" else ["h"]
    states = tuple(inputs.get(f"{name}0", zeros) for name in names)
    outputs = []
    for t in range(case["time"]):
        new_states = step(case, inputs, x[:, t], states)
        output = new_states[0]
        if mask is not None:
            keep = mask[:, t : t + 1] > 0  # [B, 1]
            new_states = tuple(torch.where(keep, new, old) for new, old in zip(new_states, states))
            skipped = zeros if case["zeroOutputForMask"] else new_states[0]
            output = torch.where(keep, output, skipped)
        states = new_states
        outputs.append(output)
    y = torch.stack(outputs, dim=1) if case["returnSequences"] else outputs[-1]
    return {"y": y, **dict(zip(names, states))}


def pytorch_layer(case, inputs, x, states):
    """PyTorch's own layer: x [1,T,I], states of one row -> (y [T,H], last states [H])."""
    gates = {"simpleRNN": [0], "lstm": [0, 1, 2, 3], "gru": [1, 0, 2]}[case["layer"]]

    def rows(tensor):  # Keras [..., G*H] -> PyTorch [G*H, ...] in PyTorch's gate order
        parts = tensor.chunk(len(gates), dim=-1)
        return torch.cat([parts[gate] for gate in gates], dim=-1).t()

    bias = inputs["bias"]
    pair = (bias[0:1], bias[1:2]) if case.get("resetAfter") else (bias[None], bias[None] * 0)
    weights = [rows(inputs["kernel"]), rows(inputs["recurrentKernel"])]
    weights += [rows(part)[:, 0] for part in pair]
    function = {
        "lstm": torch.lstm,
        "gru": torch.gru,
        "simpleRNN": torch.rnn_relu if case["activation"] == "relu" else torch.rnn_tanh,
    }[case["layer"]]
    first = tuple(state[None, None] for state in states)  # [1, 1, H] each
    hx = first if case["layer"] == "lstm" else first[0]
    y, *last = function(x, hx, weights, True, 1, 0.0, False, False, True)
    return y[0], tuple(state[0, 0] for state in last)


def run_pytorch(case, inputs, mask):
    """The same results from PyTorch's layers, row by row on the steps that count."""
    x = inputs["x"].flip(1) if case["goBackwards"] else inputs["x"]
    ones = torch.ones(case["batch"], case["time"])
    mask = ones if mask is None else mask.flip(1) if case["goBackwards"] else mask
    names = ["h", "c"] if case["layer"] == "lstm" else ["h"]
    zero = torch.zeros(case["units"], dtype=x.dtype)
    outputs, finals = [], []
    for row in range(case["batch"]):
        first = tuple(inputs[f"{n}0"][row] if f"{n}0" in inputs else zero for n in names)
        counted = [t for t in range(case["time"]) if mask[row, t] > 0]
        y, last = ([], first)
        if counted:
            y, last = pytorch_layer(case, inputs, x[row, counted][None], first)
        held, position, sequence = first[0], 0, []
        for t in range(case["time"]):
            if t in counted:
                held, position = y[position], position + 1
            skipped = zero if case["zeroOutputForMask"] else held
            sequence.append(held if t in counted else skipped)
        outputs.append(torch.stack(sequence))
        finals.append(last)
    y = torch.stack(outputs)
    results = {"y": y if case["returnSequences"] else y[:, -1]}
    return results | {name: torch.stack(s) for name, s in zip(names, zip(*finals))}


def evaluate(case, run, dtype=torch.float64):
    """Results and gradients of sum(lossWeights * results)."""
    inputs = {name: leaf(spec, dtype) for name, spec in case["inputs"].items()}
    mask = to_tensor(case["mask"]) if "mask" in case else None
    results = run(case, inputs, mask)
    weights = {name: to_tensor(spec, dtype) for name, spec in case["lossWeights"].items()}
    loss = sum((weights[name] * results[name]).sum() for name in weights)
    gradients = torch.autograd.grad(loss, list(inputs.values()), allow_unused=True)
    gradients = {
        name: torch.zeros_like(inputs[name]) if gradient is None else gradient
        for name, gradient in zip(inputs, gradients)
    }
    return {name: tensor.detach() for name, tensor in results.items()}, gradients


def gru_reset_before_by_units(case, inputs):
    """The GRU that PyTorch does not have, unit by unit in plain Python floats (no mask)."""
    x, kernel, recurrent = (inputs[n].tolist() for n in ("x", "kernel", "recurrentKernel"))
    bias, units = inputs["bias"].tolist(), case["units"]

    def sigmoid(a):
        return 1.0 / (1.0 + math.exp(-a))

    def pre(row, h, unit, gate):
        column = gate * units + unit
        total = bias[column] + sum(v * kernel[i][column] for i, v in enumerate(row))
        return total + sum(v * recurrent[k][column] for k, v in enumerate(h))

    outputs = []
    for sequence in x:
        h = [0.0] * units
        for row in sequence:
            z = [sigmoid(pre(row, h, unit, 0)) for unit in range(units)]
            r = [sigmoid(pre(row, h, unit, 1)) for unit in range(units)]
            reset = [a * b for a, b in zip(r, h)]
            n = [math.tanh(pre(row, reset, unit, 2)) for unit in range(units)]
            h = [z[u] * h[u] + (1.0 - z[u]) * n[u] for u in range(units)]
        outputs.append(h)
    return torch.tensor(outputs, dtype=torch.float64)


def check(case, results, gradients):
    """Compares with an independent computation; stops where they differ."""
    name = case["name"]
    if case["layer"] != "gru" or case["resetAfter"]:
        other_results, other_gradients = evaluate(case, run_pytorch)
        for key, tensor in other_results.items():
            require_close(f"{name} {key}", results[key], tensor)
        for key, tensor in other_gradients.items():
            limit = 1e-12 * max(1.0, tensor.abs().max().item())
            require_close(f"{name} gradient {key}", gradients[key], tensor, limit)
        return
    if "mask" not in case and "h0" not in case["inputs"] and not case["goBackwards"]:
        inputs = {key: to_tensor(spec) for key, spec in case["inputs"].items()}
        require_close(name, results["h"], gru_reset_before_by_units(case, inputs))
    if case["units"] <= 4:
        check_by_differences(case)


def check_by_differences(case):
    """Central finite differences against the gradients of the loop."""
    names = list(case["inputs"])
    mask = to_tensor(case["mask"]) if "mask" in case else None
    leaves = tuple(leaf(spec) for spec in case["inputs"].values())

    def outputs(*tensors):
        return tuple(run_loop(case, dict(zip(names, tensors)), mask).values())

    torch.autograd.gradcheck(outputs, leaves, eps=1e-6, atol=1e-8, rtol=1e-6)


def generate():
    worst = {}
    for layer, file_name in FILES.items():
        cases = []
        for cell in (cell for cell in CELLS if cell["layer"] == layer):
            for name, shape, options in VARIANTS:
                case = make_case(cell, name, shape, options)
                results, gradients = evaluate(case, run_loop)
                check(case, results, gradients)
                single, single_gradients = evaluate(case, run_loop, torch.float32)
                forward = max(relative_to_max(single[key], results[key]) for key in results)
                backward = max(
                    relative_to_max(single_gradients[key], gradients[key]) for key in gradients
                )
                old = worst.get(cell_name(cell), (0.0, 0.0))
                worst[cell_name(cell)] = (max(old[0], forward), max(old[1], backward))
                case["expected"] = {key: result(tensor) for key, tensor in results.items()}
                case["gradients"] = {key: result(tensor) for key, tensor in gradients.items()}
                cases.append(case)
        write(file_name, cases)
    for name, (forward, backward) in worst.items():
        print(f"  {name}: float32 differs by {forward:.1e} forward, {backward:.1e} in gradients")
