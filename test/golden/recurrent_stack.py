"""A stack of recurrent layers with masks, states and two directions, computed in three ways.

By PyTorch, layer by layer, on packed sequences of the steps that count (torch.rnn_tanh, rnn_relu,
lstm, gru); by a loop over time from the equations of keras/src/layers/rnn/{simple_rnn,lstm,gru}.py
(`step` in recurrent.py), with masks as in keras/src/backend/torch/rnn.py, but for what README.md
says of the output before the first step that counts; and, where it has the whole stack, by one
call of PyTorch. Layers below the last return sequences. Where there is no merge, the next layer
reads the two outputs concatenated.

Inputs get their phases in the order of `input_shapes`; test/recurrent/stack.ts has the same rule.
"""

import math

import torch
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

from golden_format import to_tensor
from recurrent import GATES, step

CELLS = {
    "simpleRNN-tanh": {"layer": "simpleRNN", "activation": "tanh"},
    "simpleRNN-relu": {"layer": "simpleRNN", "activation": "relu"},
    "lstm": {"layer": "lstm", "activation": "tanh"},
    "gru-resetAfter": {"layer": "gru", "activation": "tanh", "resetAfter": True},
    "gru-resetBefore": {"layer": "gru", "activation": "tanh", "resetAfter": False},
}
VOCABULARY = 6


def directions(case):
    single = case["direction"] in ("forward", "goBackwards")
    return ["forward"] if single else ["forward", "backward"]


def state_names(case):
    return ["h", "c"] if CELLS[case["cell"]]["layer"] == "lstm" else ["h"]


def output_width(case):
    return 2 * case["units"] if case["direction"] in ("concat", "null") else case["units"]


def input_shapes(case):
    """Names and shapes of all inputs, in the order in which they get their phases."""
    cell, units = CELLS[case["cell"]], case["units"]
    batch, time, features = case["batch"], case["time"], case["features"]
    width = GATES[cell["layer"]] * units
    shapes = {"embeddings": [VOCABULARY, features]}
    if case["mask"] != "embedding":
        shapes = {"x": [batch, time, features]}
    for layer in range(case["layers"]):
        rows = features if layer == 0 else output_width(case)
        for direction in directions(case):
            name = f"{layer}.{direction}"
            shapes[f"{name}.kernel"] = [rows, width]
            shapes[f"{name}.recurrentKernel"] = [units, width]
            shapes[f"{name}.bias"] = [2, width] if cell.get("resetAfter") else [width]
            if case["initialState"]:
                for state in state_names(case):
                    shapes[f"{name}.{state}0"] = [batch, units]
    return shapes


def wave_of(case, name, shape, place, dtype):
    """The values of an input or of a loss weight; `place` counts them."""
    scale = 0.8
    if name.lower().endswith("kernel"):
        scale = 1.3 / math.sqrt(shape[0])
    elif name.endswith("bias"):
        scale = 0.4
    # Not in waves.json, which these would make twenty times as large.
    spec = {"shape": shape, "phase": case["phase"] + 0.47 * place, "scale": scale}
    return to_tensor(spec, dtype, listed=False)


def ids_of(case):
    """Ids [B,T]: 0 where the mask is false, else from 1 up."""
    return [
        [((3 * b + 2 * t) % (VOCABULARY - 1) + 1) * keep for t, keep in enumerate(row)]
        for b, row in enumerate(case["maskRows"])
    ]


def first_input(case, inputs):
    """The sequence [B,T,I] and the mask [B,T] that the lowest layer gets."""
    mask = None if case["maskRows"] is None else torch.tensor(case["maskRows"], dtype=torch.bool)
    if case["mask"] == "embedding":
        return inputs["embeddings"][torch.tensor(ids_of(case))], mask
    x = inputs["x"]
    if case["mask"] == "masking":  # masked steps hold maskValue; the layer makes them zero
        x = torch.where(mask[:, :, None], x, torch.zeros_like(x))
    return x, mask


def weights_of(inputs, name):
    return {part: inputs[f"{name}.{part}"] for part in ("kernel", "recurrentKernel", "bias")}


def run_stack(case, inputs, run_layer):
    """All results by name: y (or y0 and y1), and every layer's last states if returned."""
    x, mask = first_input(case, inputs)
    zeros = torch.zeros(case["batch"], case["units"], dtype=x.dtype)
    results, last_states, outputs = {}, {}, []
    for layer in range(case["layers"]):
        sequences = layer < case["layers"] - 1 or case["returns"] in ("sequences", "both")
        outputs = []
        for direction in directions(case):
            name = f"{layer}.{direction}"
            backwards = direction == "backward" or case["direction"] == "goBackwards"
            states = tuple(inputs.get(f"{name}.{s}0", zeros) for s in state_names(case))
            held, last = run_layer(case, weights_of(inputs, name), x, mask, states, backwards)
            last_states |= {f"{name}.{s}": value for s, value in zip(state_names(case), last)}
            zero = sequences if len(directions(case)) == 2 else case["maskedOutput"] == "zero"
            y = held
            if zero and mask is not None:
                y = torch.where(mask[:, :, None], held, torch.zeros_like(held))
            outputs.append(y if sequences else y[:, 0] if backwards else y[:, -1])
        if case["direction"] == "goBackwards" and sequences:
            outputs = [outputs[0].flip(1)]
            mask = None if mask is None else mask.flip(1)
        outputs = merge(case["direction"], outputs)
        x = torch.cat(outputs, dim=-1)
    results = {"y": outputs[0]} if len(outputs) == 1 else {"y0": outputs[0], "y1": outputs[1]}
    return results | (last_states if case["returns"] in ("state", "both") else {})


def merge(mode, outputs):
    if len(outputs) == 1 or mode == "null":
        return outputs
    forward, backward = outputs
    merged = {"sum": forward + backward, "ave": (forward + backward) / 2, "mul": forward * backward}
    return [torch.cat(outputs, dim=-1) if mode == "concat" else merged[mode]]


def loop_layer(case, weights, x, mask, states, backwards):
    """One layer as a loop over time: outputs [B,T,H] in the order of the input, last states."""
    cell = CELLS[case["cell"]] | {"name": case["name"]}
    outputs = [None] * case["time"]
    for t in reversed(range(case["time"])) if backwards else range(case["time"]):
        new = step(cell, weights, x[:, t], states)
        if mask is not None:
            new = tuple(torch.where(mask[:, t : t + 1], a, b) for a, b in zip(new, states))
        states = new
        outputs[t] = states[0]
    return torch.stack(outputs, dim=1), states


def torch_weights(case, weights):
    """Keras's [.., G*H] -> PyTorch's [G*H, ..] and gate order: kernel, recurrent, two biases."""
    cell = CELLS[case["cell"]]
    gates = {"simpleRNN": [0], "lstm": [0, 1, 2, 3], "gru": [1, 0, 2]}[cell["layer"]]

    def rows(tensor):
        parts = tensor.chunk(len(gates), dim=-1)
        return torch.cat([parts[gate] for gate in gates], dim=-1).t()

    bias = weights["bias"]
    pair = (bias[0:1], bias[1:2]) if cell.get("resetAfter") else (bias[None], bias[None] * 0)
    kernels = [rows(weights["kernel"]), rows(weights["recurrentKernel"])]
    return kernels + [rows(part)[:, 0] for part in pair]


def torch_function(case):
    names = {"simpleRNN-tanh": torch.rnn_tanh, "simpleRNN-relu": torch.rnn_relu, "lstm": torch.lstm}
    return names.get(case["cell"], torch.gru)


def torch_layer(case, weights, x, mask, states, backwards):
    """The same by PyTorch, on a packed sequence of the steps that count, in reading order."""
    times = list(reversed(range(case["time"]))) if backwards else list(range(case["time"]))
    counted = [[t for t in times if mask is None or mask[b, t]] for b in range(case["batch"])]
    rows = [b for b, steps in enumerate(counted) if steps]
    y, last = {}, [list(state) for state in states]
    if rows:
        packed = pack_sequence([x[b, counted[b]] for b in rows], enforce_sorted=False)
        first = tuple(s[rows][packed.sorted_indices][None] for s in states)
        hx = first if len(first) == 2 else first[0]
        flat = torch_weights(case, weights)
        out, *final = torch_function(case)(
            packed.data, packed.batch_sizes, hx, flat, True, 1, 0.0, False, False
        )
        padded, _ = pad_packed_sequence(PackedSequence(out, *packed[1:]), batch_first=True)
        y = {b: padded[i] for i, b in enumerate(rows)}
        for own, state in zip(last, final):
            for i, b in enumerate(rows):
                own[b] = state[0][packed.unsorted_indices[i]]
    outputs = []
    for b in range(case["batch"]):
        held, at = states[0][b], {}
        for t in times:
            held = y[b][counted[b].index(t)] if t in counted[b] else held
            at[t] = held
        outputs.append(torch.stack([at[t] for t in range(case["time"])]))
    return torch.stack(outputs), tuple(torch.stack(own) for own in last)


def is_one_call(case):
    if case["cell"] == "gru-resetBefore" or case["direction"] not in ("forward", "concat"):
        return False
    if case["mask"] not in ("none", "right", "embedding"):
        return False
    # PyTorch writes zeros to padded steps; of the last step it has the state, which is held.
    if case["direction"] == "concat" or case["mask"] == "none":
        return True
    return case["maskedOutput"] == ("zero" if case["returns"] in ("sequences", "both") else "held")


def run_one_call(case, inputs):
    """All layers and directions by one call, as torch.nn.LSTM makes it."""
    x, mask = first_input(case, inputs)
    names = [f"{layer}.{d}" for layer in range(case["layers"]) for d in directions(case)]
    zeros = torch.zeros(case["batch"], case["units"], dtype=x.dtype)
    first = tuple(
        torch.stack([inputs.get(f"{name}.{state}0", zeros) for name in names])
        for state in state_names(case)
    )
    lengths = [case["time"]] * case["batch"] if mask is None else mask.sum(1).tolist()
    packed = pack_sequence([x[b, :n] for b, n in enumerate(lengths)], enforce_sorted=False)
    first = tuple(s[:, packed.sorted_indices] for s in first)
    hx = first if len(first) == 2 else first[0]
    flat = [w for name in names for w in torch_weights(case, weights_of(inputs, name))]
    both = len(directions(case)) == 2
    out, *final = torch_function(case)(
        packed.data, packed.batch_sizes, hx, flat, True, case["layers"], 0.0, False, both
    )
    y, _ = pad_packed_sequence(
        PackedSequence(out, *packed[1:]), batch_first=True, total_length=case["time"]
    )
    last = [values[:, packed.unsorted_indices] for values in final]
    if case["returns"] in ("last", "state"):
        y = torch.cat(list(last[0][-len(directions(case)) :]), dim=-1)
    results = {"y": y}
    if case["returns"] in ("state", "both"):
        for state, values in zip(state_names(case), last):
            results |= {f"{name}.{state}": value for name, value in zip(names, values)}
    return results


def evaluate(case, run, dtype=torch.float64):
    """Results, and gradients of the sum over all results of lossWeights * result."""
    shapes = input_shapes(case)
    inputs = {
        name: wave_of(case, name, shape, place, dtype).requires_grad_(True)
        for place, (name, shape) in enumerate(shapes.items())
    }
    results = run(case, inputs)
    loss = 0
    for place, name in enumerate(sorted(results), len(shapes)):
        weights = wave_of(case, name, list(results[name].shape), place, dtype)
        loss = loss + (weights * results[name]).sum()
    gradients = torch.autograd.grad(loss, list(inputs.values()), allow_unused=True)
    gradients = {
        name: torch.zeros_like(inputs[name]) if gradient is None else gradient
        for name, gradient in zip(inputs, gradients)
    }
    return {name: tensor.detach() for name, tensor in results.items()}, gradients


def by_loop(case, inputs):
    return run_stack(case, inputs, loop_layer)


def by_torch(case, inputs):
    return run_stack(case, inputs, torch_layer)
