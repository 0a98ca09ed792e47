"""The closed form of the inputs and the written form of the results.

Inputs are not stored: a spec {shape, phase, scale, offset} stands for the float32 values
    offset + scale * sin(1.7*i + 2.3*i*sqrt(i) + phase),  i = 0 .. size-1, row-major,
computed in float64 and rounded once. The term i*sqrt(i) keeps a matrix of such values at full
rank; with sin(1.7*i) alone every matrix has rank 2 and its rows resemble one another.
test/helpers/golden.ts computes the same.
"""

import json
import math
import pathlib

import torch

FOLDER = pathlib.Path(__file__).parent
FULL_SIZE_LIMIT = 150  # larger results are stored as samples and sums
SAMPLES = 96

_checksums = {}


def wave(shape, phase, scale=1.0, offset=0.0):
    """The spec of an input in closed form."""
    spec = {"shape": list(shape), "phase": phase, "scale": scale}
    if offset != 0.0:
        spec["offset"] = offset
    return spec


def values(shape, numbers):
    """The spec of an input whose values are listed."""
    numbers = torch.tensor(numbers, dtype=torch.float32).reshape(shape)
    return {"shape": list(shape), "values": _digits(numbers.double().flatten().tolist())}


def to_tensor(spec, dtype=torch.float64, listed=True):
    """The float32 values of a spec, as a tensor of the given dtype; `listed` in waves.json if it is a wave."""
    if "values" in spec:
        numbers = spec["values"]
    else:
        numbers = [_wave_value(spec, i) for i in range(math.prod(spec["shape"]))]
    rounded = torch.tensor(numbers, dtype=torch.float64).to(torch.float32).reshape(spec["shape"])
    if listed and "phase" in spec:
        _checksums[json.dumps(spec)] = {**spec, "checksum": checksum(rounded)}
    return rounded.to(dtype)


def _wave_value(spec, i):
    angle = 1.7 * i + 2.3 * i * math.sqrt(i) + spec["phase"]
    return spec.get("offset", 0.0) + spec["scale"] * math.sin(angle)


def checksum(tensor):
    """FNV-1a (32 bit) over the float32 bit patterns, one 32-bit word a step."""
    result = 0x811C9DC5
    for word in tensor.flatten().view(torch.int32).tolist():
        result = ((result ^ (word & 0xFFFFFFFF)) * 0x01000193) & 0xFFFFFFFF
    return result


def leaf(spec, dtype=torch.float64):
    """A tensor of a spec that collects a gradient."""
    return to_tensor(spec, dtype).requires_grad_(True)


def result(tensor, full_size_limit=FULL_SIZE_LIMIT, samples=SAMPLES):
    """The written form of a result: all values, or every stride-th value and sums over all.

    The stride shares no factor with the size, so the samples visit every column and gate.
    """
    flat = tensor.detach().double().flatten()
    if flat.numel() <= full_size_limit:
        return {"shape": list(tensor.shape), "values": _digits(flat.tolist())}
    stride = math.ceil(flat.numel() / samples)
    while math.gcd(stride, flat.numel()) != 1:
        stride += 1
    return {
        "shape": list(tensor.shape),
        "stride": stride,
        "values": _digits(flat[::stride].tolist()),
        "sum": digits(flat.sum().item()),
        "sumOfSquares": digits(flat.square().sum().item()),
        "maxAbsolute": digits(flat.abs().max().item()),
    }


def digits(number, count=9):
    """A number at 9 significant digits; whole numbers without a fraction."""
    if not math.isfinite(number):
        raise ValueError(f"A golden number must be finite, received {number}.")
    rounded = float(f"{number:.{count}g}")
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 1e9 else rounded


def _digits(numbers):
    return [digits(number) for number in numbers]


def require_close(name, actual, expected, limit=1e-12):
    """Stops the generator where two independent computations differ."""
    if actual.shape != expected.shape:
        raise AssertionError(f"{name}: shapes {actual.shape} and {expected.shape} differ.")
    difference = (actual - expected).abs().max().item() if actual.numel() else 0.0
    if not difference < limit:
        raise AssertionError(f"{name}: differs by {difference:.3g}, allowed is {limit:.3g}.")


def relative_to_max(actual, expected):
    """Largest difference divided by the largest expected magnitude."""
    largest = expected.abs().max().item()
    difference = (actual.double() - expected).abs().max().item()
    return difference / largest if largest > 0 else difference


def write(name, cases):
    """Writes test/golden/NAME.json, one case a line."""
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    source = f"PyTorch {torch.__version__}, float64, test/golden/generate.py"
    text = f'{{"format":1,"source":"{source}","cases":[\n{lines}\n]}}\n'
    path = FOLDER / f"{name}.json"
    path.write_text(text)
    print(f"{path.name}: {len(cases)} cases, {len(text) / 1024:.1f} KiB")


def write_checksums():
    """Writes waves.json: what every wave that was used must come to, bit for bit."""
    write("waves", list(_checksums.values()))
