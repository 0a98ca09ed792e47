"""25 full-batch Adam steps: input [32,10,1] -> recurrent 64 (last output) -> dense 1.

Loss: mean squared error. Inputs and targets are sums of sines of several frequencies:
    series(b,t) = sin(f*t + 0.7*b) + 0.3*sin(2.3*f*t),  f = 0.15 + 0.05*(b mod 7)
    x[b,t,0] = series(b,t), t = 0..9;  target[b,0] = series(b,10).

Adam is written in two ways that differ in where epsilon stands, so there are two trajectories:
    keras:  p -= lr * sqrt(1-b2^t)/(1-b1^t) * m / (sqrt(v) + eps)          "epsilon hat"
    torch:  p -= lr / (1-b1^t) * m / (sqrt(v/(1-b2^t)) + eps)              Kingma & Ba, algorithm 1
loss[k] is the loss before update k.
"""

import math

import torch

from golden_format import checksum, digits, leaf, relative_to_max, require_close, result, wave
from golden_format import write
from recurrent import CELLS, GATES, cell_name, run_loop, run_pytorch

BATCH, TIME, UNITS, STEPS = 32, 10, 64, 25
RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7


def series(b, t):
    frequency = 0.15 + 0.05 * (b % 7)
    return math.sin(frequency * t + 0.7 * b) + 0.3 * math.sin(2.3 * frequency * t)


def training_data():
    """x [B,T,1] and target [B,1], rounded to float32."""
    x = [[[series(b, t)] for t in range(TIME)] for b in range(BATCH)]
    target = [[series(b, TIME)] for b in range(BATCH)]
    return (torch.tensor(part, dtype=torch.float64).float() for part in (x, target))


def make_weights(cell):
    """Scales near those of glorotUniform; every value differs from every other."""
    width = GATES[cell["layer"]] * UNITS
    bias_shape = [2, width] if cell.get("resetAfter") else [width]
    return {
        "kernel": wave([1, width], 1.1, 0.3),
        "recurrentKernel": wave([UNITS, width], 2.2, 0.12),
        "bias": wave(bias_shape, 0.7, 0.1),
        "denseKernel": wave([UNITS, 1], 0.2, 0.2),
        "denseBias": wave([1], 0.9, 0.1),
    }


class KerasAdam:
    """Adam as Keras 3 writes it."""

    def __init__(self, weights):
        self.moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in weights]
        self.step_count = 0

    def apply(self, weights, gradients):
        self.step_count += 1
        t = self.step_count
        alpha = RATE * math.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
        for p, g, (m, v) in zip(weights, gradients, self.moments):
            m += (g - m) * (1 - BETA_1)
            v += (g * g - v) * (1 - BETA_2)
            p.data -= alpha * m / (v.sqrt() + EPSILON)


class TorchAdam:
    """torch.optim.Adam."""

    def __init__(self, weights):
        self.optimizer = torch.optim.Adam(weights, RATE, (BETA_1, BETA_2), EPSILON)

    def apply(self, weights, gradients):
        for p, g in zip(weights, gradients):
            p.grad = g
        self.optimizer.step()


def train(cell, specs, optimizer_class, dtype=torch.float64, run=run_loop):
    """Runs the 25 steps -> (losses, final weights by name)."""
    x, target = (part.to(dtype) for part in training_data())
    weights = {name: leaf(spec, dtype) for name, spec in specs.items()}
    case = {**cell, "name": cell_name(cell), "batch": BATCH, "time": TIME, "units": UNITS}
    case |= {"goBackwards": False, "returnSequences": False, "zeroOutputForMask": False}
    optimizer = optimizer_class(list(weights.values()))
    history = []
    for _ in range(STEPS):
        h = run(case, {"x": x, **weights}, None)["h"]  # [B, H]
        y = h @ weights["denseKernel"] + weights["denseBias"]  # [B, 1]
        loss = ((y - target) ** 2).mean()
        optimizer.apply(list(weights.values()), torch.autograd.grad(loss, list(weights.values())))
        history.append(loss.detach())
    return torch.stack(history), {name: tensor.detach() for name, tensor in weights.items()}


def generate():
    cases = []
    for cell in CELLS:
        if cell["activation"] == "relu" or cell.get("resetAfter") is False:
            continue
        specs = make_weights(cell)
        case = {"name": f"{cell_name(cell)}/adam", **cell, "batch": BATCH, "time": TIME}
        case |= {"features": 1, "units": UNITS, "steps": STEPS, "weights": specs}
        case |= {"learningRate": RATE, "beta1": BETA_1, "beta2": BETA_2, "epsilon": EPSILON}
        for label, optimizer_class in (("keras", KerasAdam), ("torch", TorchAdam)):
            losses, weights = train(cell, specs, optimizer_class)
            other, _ = train(cell, specs, optimizer_class, run=run_pytorch)
            require_close(f"{case['name']} {label}", losses, other, 1e-10)
            single, single_weights = train(cell, specs, optimizer_class, torch.float32)
            loss_error = ((single.double() - losses) / losses).abs().max().item()
            weight_error = max(
                relative_to_max(single_weights[name], weights[name]) for name in weights
            )
            print(f"  {case['name']} {label}: loss {losses[0]:.4f} -> {losses[-1]:.4f}; float32")
            print(f"    differs by {loss_error:.1e} in the loss, {weight_error:.1e} in weights")
            case[label] = {
                "loss": [digits(loss) for loss in losses.tolist()],
                "finalWeights": {name: result(tensor, 24, 24) for name, tensor in weights.items()},
            }
        x, target = training_data()
        case["dataChecksum"] = {"x": checksum(x), "target": checksum(target)}
        cases.append(case)
    write("training", cases)
