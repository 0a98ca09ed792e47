"""What PyTorch, TensorFlow and ONNX add to the recurrent layers, in Keras's layouts.

projSize: h = (o * tanh(c)) @ projectionKernel [H,P]; recurrentKernel is [P,4H]. Checked against
torch.lstm with proj_size. peepholes: peepholeKernel [3H] for i, o, f as ONNX orders P; i and f see the
cell before, o the new one. cellClip: c is held in [-cellClip, cellClip] before the output, as
TensorFlow does. clip: every input of an activation is held likewise, as ONNX says.
"""

import torch

from golden_format import leaf, require_close, result, to_tensor, values, wave, write

GATES = {"simpleRNN": 1, "lstm": 4, "gru": 3}
RIGHT = [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
MIDDLE = [[1, 0, 1, 1, 1], [1, 1, 0, 0, 1]]
SHAPE = (2, 5, 3, 4)

VARIANTS = [
    ("lstm", "projection", {"projSize": 3}),
    ("lstm", "projection+initialState", {"projSize": 2, "initialState": True}),
    ("lstm", "projection+maskRight", {"projSize": 3, "initialState": True, "mask": RIGHT}),
    ("lstm", "cellClip", {"cellClip": 0.3, "initialState": True}),
    ("lstm", "peepholes", {"usePeepholes": True, "initialState": True}),
    ("lstm", "clip", {"clip": 0.4, "initialState": True}),
    (
        "lstm",
        "all",
        {"projSize": 3, "cellClip": 0.5, "usePeepholes": True, "clip": 0.9}
        | {"initialState": True, "goBackwards": True, "mask": MIDDLE},
    ),
    ("gru", "clip+resetAfter", {"clip": 0.4, "resetAfter": True, "initialState": True}),
    ("gru", "clip+resetBefore", {"clip": 0.4, "resetAfter": False, "initialState": True}),
    ("simpleRNN", "clip", {"clip": 0.4, "initialState": True}),
]


def make_case(layer, name, options):
    batch, time, features, units = SHAPE
    width = GATES[layer] * units
    out = options.get("projSize", units)
    sizes = {"h": out, "c": units} if layer == "lstm" else {"h": units}
    inputs = {
        "x": wave([batch, time, features], 0.3),
        "kernel": wave([features, width], 1.1, 0.81),
        "recurrentKernel": wave([out, width], 2.2, 0.7),
        "bias": wave([2, width] if options.get("resetAfter") else [width], 0.7, 0.4),
    }
    if "projSize" in options:
        inputs["projectionKernel"] = wave([units, out], 1.9, 0.8)
    if options.get("usePeepholes"):
        inputs["peepholeKernel"] = wave([3 * units], 0.9, 0.7)
    if options.get("initialState"):
        for index, (state, size) in enumerate(sizes.items()):
            inputs[f"{state}0"] = wave([batch, size], 1.6 + index, 0.8)
    loss_weights = {"y": wave([batch, time, out], 2.9)}
    for index, (state, size) in enumerate(sizes.items()):
        loss_weights[state] = wave([batch, size], 0.5 + 0.8 * index, 0.9)
    names = ["projSize", "cellClip", "usePeepholes", "clip", "resetAfter", "goBackwards"]
    config = {key: options[key] for key in names if key in options}
    case = {"name": f"{layer}/{name}", "layer": layer, "config": {"units": units, **config}}
    case |= {"batch": batch, "time": time, "features": features}
    case |= {"inputs": inputs, "lossWeights": loss_weights}
    if "mask" in options:
        case["mask"] = values([batch, time], options["mask"])
    return case


def held(a, bound, name):
    """a in [-bound, bound]; no value so near to the bound that float32 could fall on the other side."""
    if bound is None:
        return a
    assert (a.abs() - bound).abs().min() > 1e-5, name
    return a.clamp(-bound, bound)


def step(case, inputs, x, states):
    """One time step: x [B,I], states (h,) or (h, c) -> the new states."""
    config, name = case["config"], case["name"]

    def sigmoid(a):
        return torch.sigmoid(held(a, config.get("clip"), name))

    def tanh(a):
        return torch.tanh(held(a, config.get("clip"), name))

    h, kernel, recurrent = states[0], inputs["kernel"], inputs["recurrentKernel"]
    bias = inputs["bias"]
    if case["layer"] == "simpleRNN":
        return (tanh(x @ kernel + h @ recurrent + bias),)
    if case["layer"] == "gru":
        after = config["resetAfter"]
        p_z, p_r, p_h = (x @ kernel + (bias[0] if after else bias)).chunk(3, dim=1)
        r_z, r_r, r_h = recurrent.chunk(3, dim=1)
        b_z, b_r, b_h = bias[1].chunk(3) if after else (0.0, 0.0, 0.0)
        z, r = sigmoid(p_z + h @ r_z + b_z), sigmoid(p_r + h @ r_r + b_r)
        candidate = tanh(p_h + (r * (h @ r_h + b_h) if after else (r * h) @ r_h))
        return (z * h + (1 - z) * candidate,)
    c = states[1]
    i, f, g, o = (x @ kernel + h @ recurrent + bias).chunk(4, dim=1)
    p_i, p_o, p_f = inputs["peepholeKernel"].chunk(3) if "peepholeKernel" in inputs else (0, 0, 0)
    new = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * tanh(g)
    new = held(new, config.get("cellClip"), name)
    output = sigmoid(o + p_o * new) * tanh(new)
    return (output @ inputs["projectionKernel"] if "projectionKernel" in inputs else output, new)


def run_loop(case, inputs, mask):
    x = inputs["x"]
    if case["config"].get("goBackwards"):
        x, mask = x.flip(1), mask.flip(1)
    names = ["h", "c"] if case["layer"] == "lstm" else ["h"]
    sizes = [case["lossWeights"][name]["shape"] for name in names]
    zeros = [torch.zeros(size, dtype=x.dtype) for size in sizes]
    states = tuple(inputs.get(f"{name}0", zero) for name, zero in zip(names, zeros))
    outputs = []
    for t in range(case["time"]):
        after = step(case, inputs, x[:, t], states)
        if mask is not None:
            keep = mask[:, t : t + 1] > 0
            after = tuple(torch.where(keep, new, old) for new, old in zip(after, states))
        states = after
        outputs.append(states[0])
    return {"y": torch.stack(outputs, dim=1), **dict(zip(names, states))}


def run_pytorch(case, inputs, _mask):
    """What torch.nn.LSTM with proj_size computes; no mask."""
    bias = inputs["bias"]
    weights = [inputs["kernel"].t(), inputs["recurrentKernel"].t(), bias, torch.zeros_like(bias)]
    weights.append(inputs["projectionKernel"].t())
    sizes = [case["lossWeights"][name]["shape"] for name in ("h", "c")]
    zeros = [torch.zeros(size, dtype=bias.dtype) for size in sizes]
    first = [inputs.get(f"{name}0", zero)[None] for name, zero in zip("hc", zeros)]
    y, h, c = torch.lstm(inputs["x"], first, weights, True, 1, 0.0, False, False, True)
    return {"y": y, "h": h[0], "c": c[0]}


def evaluate(case, run):
    inputs = {name: leaf(spec) for name, spec in case["inputs"].items()}
    mask = to_tensor(case["mask"]) if "mask" in case else None
    results = run(case, inputs, mask)
    loss = sum((to_tensor(spec) * results[name]).sum() for name, spec in case["lossWeights"].items())
    gradients = torch.autograd.grad(loss, list(inputs.values()))
    return results, dict(zip(inputs, gradients))


def check(case, results, gradients):
    if "projectionKernel" in case["inputs"] and len(case["config"]) == 2 and "mask" not in case:
        other_results, other_gradients = evaluate(case, run_pytorch)
        for key, tensor in other_results.items():
            require_close(f"{case['name']} {key}", results[key], tensor)
        for key, tensor in other_gradients.items():
            limit = 1e-12 * max(1.0, tensor.abs().max().item())
            require_close(f"{case['name']} gradient {key}", gradients[key], tensor, limit)
        print(f"  {case['name']}: equals torch.lstm")
    names = list(case["inputs"])
    mask = to_tensor(case["mask"]) if "mask" in case else None

    def outputs(*tensors):
        return tuple(run_loop(case, dict(zip(names, tensors)), mask).values())

    leaves = tuple(leaf(spec) for spec in case["inputs"].values())
    torch.autograd.gradcheck(outputs, leaves, eps=1e-6, atol=1e-8, rtol=1e-6)


def generate():
    cases = []
    for layer, name, options in VARIANTS:
        case = make_case(layer, name, options)
        results, gradients = evaluate(case, run_loop)
        check(case, results, gradients)
        case["expected"] = {key: result(tensor) for key, tensor in results.items()}
        case["gradients"] = {key: result(tensor) for key, tensor in gradients.items()}
        cases.append(case)
    write("recurrent-options", cases)
