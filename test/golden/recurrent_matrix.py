"""A matrix of recurrent stacks: cell x direction x layers x mask x initial state x returned.

96 configurations in which all pairs of values occur, and as many triples as fit. The expected
numbers are PyTorch's in float64; the GRU with resetAfter false, which PyTorch lacks, is a loop from
Keras's equations. That loop computes every other stack as well, and must agree within 1e-12;
stacks that PyTorch can express whole (forward or concat, no mask or padding on the right) are
computed a third time, by one call over all layers and directions. recurrent_stack.py has all three.
"""

import itertools
import random

import torch

from golden_format import relative_to_max, require_close, result, write
from recurrent_stack import CELLS, by_loop, by_torch, evaluate, ids_of, is_one_call, run_one_call

AXES = {
    "cell": list(CELLS),
    "direction": ["forward", "goBackwards", "concat", "sum", "ave", "mul", "null"],
    "layers": [1, 2, 3],
    "mask": ["none", "right", "left", "middle", "emptyRow", "masking", "embedding"],
    "maskedOutput": ["held", "zero"],
    "initialState": [False, True],
    "returns": ["last", "sequences", "state", "both"],
}
COUNT = 96
SPREAD = 24  # the first ones: all values, and most pairs

# batch, time, features, units. ONE_STEP is for masks that exist there, WIDE for single layers.
SHAPES = [(2, 5, 3, 4), (3, 4, 2, 5), (1, 6, 3, 7), (2, 7, 4, 3)]
SHAPES += [(4, 3, 1, 6), (2, 5, 5, 1), (5, 6, 2, 3)]
ONE_STEP = [(3, 1, 3, 5), (1, 1, 2, 4), (2, 1, 4, 9)]
WIDE = [(2, 3, 2, 17), (2, 4, 3, 33), (9, 3, 2, 12)]


def choose():
    """Greedy: of 300 candidates the one with most new pairs, then most new triples."""
    draw = random.Random(4)
    axes = list(AXES)
    seen, chosen = set(), []

    def subsets(candidate, size):
        return set(itertools.combinations(candidate, size))

    while len(chosen) < COUNT:
        best = None
        for _ in range(300):
            candidate = tuple((axis, AXES[axis][draw.randrange(len(AXES[axis]))]) for axis in axes)
            new = [len(subsets(candidate, size) - seen) for size in (2, 3)]
            if best is None or new > best[0]:
                best = (new, candidate)
        seen |= subsets(best[1], 2) | subsets(best[1], 3)
        chosen.append(dict(best[1]))
    return chosen


def shape_of(config, index):
    if index % 5 == 4 and config["mask"] in ("none", "emptyRow", "masking", "embedding"):
        return ONE_STEP[index // 5 % len(ONE_STEP)]
    if index % 8 == 3 and config["layers"] == 1:
        return WIDE[index // 8 % len(WIDE)]
    return SHAPES[index % len(SHAPES)]


def mask_rows(kind, batch, time):
    """Rows of 0 and 1, or None. The first row of `right`, `left` and `embedding` is whole."""
    if kind == "none":
        return None

    def row(b):
        gap = [0 if t % 3 == (b + 1) % 3 and time > 1 else 1 for t in range(time)]
        padding = min(b, time - 1)
        if kind in ("right", "embedding"):
            return [1] * (time - padding) + [0] * padding
        if kind == "left":
            return [0] * padding + [1] * (time - padding)
        if kind == "emptyRow":
            return [0] * time if b == min(1, batch - 1) else gap
        return gap  # middle, masking

    rows = [row(b) for b in range(batch)]
    if kind in ("right", "left", "embedding") and batch == 1 and time > 1:
        rows = [[1] * (time - 2) + [0] * 2] if kind != "left" else [[0] * 2 + [1] * (time - 2)]
    return rows


def require_same(case, mine, others, how):
    for kind, ours, theirs in zip(("", "gradient of "), mine, others):
        for name in ours:
            limit = 1e-12 * max(1.0, ours[name].abs().max().item())
            require_close(f"{case['name']} {how} {kind}{name}", theirs[name], ours[name], limit)


def well_conditioned(case, results, gradients):
    """How far float32 is off, or None where that alone would cost a tenth of what tests allow."""
    try:
        single = evaluate(case, by_loop, torch.float32)
    except AssertionError:  # relu beside its kink
        return None
    worst = max(
        relative_to_max(ours[name], wanted[name])
        for ours, wanted in zip(single, (results, gradients))
        for name in wanted
    )
    return worst if worst < 5e-6 else None


def make_case(config, index):
    batch, time, features, units = shape_of(config, index)
    case = {"name": "", "spread": index < SPREAD, **config}
    case |= {"batch": batch, "time": time, "features": features, "units": units}
    case["maskRows"] = mask_rows(config["mask"], batch, time)
    if config["mask"] == "embedding":
        case["ids"] = ids_of(case)
    case["name"] = ", ".join(
        [
            config["cell"],
            config["direction"],
            f"{config['layers']} layers",
            f"mask {config['mask']}",
            f"{config['maskedOutput']} outputs",
            "states given" if config["initialState"] else "no states",
            f"returns {config['returns']}",
            f"B{batch} T{time} I{features} H{units}",
        ]
    )
    return case


def generate():
    cases, worst, single_calls = [], 0.0, 0
    for index, config in enumerate(choose()):
        case = make_case(config, index)
        for attempt in range(20):
            case["phase"] = round(0.3 + 0.31 * index + 0.07 * attempt, 2)
            try:
                results, gradients = evaluate(case, by_loop)
            except AssertionError:
                continue
            error = well_conditioned(case, results, gradients)
            if error is not None:
                break
        else:
            raise AssertionError(f"{case['name']}: no phase is good")
        worst = max(worst, error)
        case["source"] = "Keras's equations"
        if config["cell"] != "gru-resetBefore":
            case["source"] = "PyTorch"
            theirs = evaluate(case, by_torch)
            require_same(case, (results, gradients), theirs, "PyTorch")
            results, gradients = theirs
            if is_one_call(case):
                single_calls += 1
                require_same(case, theirs, evaluate(case, run_one_call), "one call")
        case["expected"] = {name: result(tensor, samples=48) for name, tensor in results.items()}
        case["gradients"] = {name: result(tensor, samples=48) for name, tensor in gradients.items()}
        cases.append(case)
    write("recurrent-matrix", cases)
    print(f"  {single_calls} stacks also by one call; float32 differs by {worst:.1e}")
