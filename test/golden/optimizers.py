"""Ten optimizer steps with gradients in closed form, by Keras 3's equations.

gradient[step][i] = float32(magnitudes[i] * float32(sin(angle of wave i at phase 0.4 + 0.9*step))),
step = 0..9. The magnitudes reach from 1 to 1e-7, where epsilon decides, and include an exact zero.
"""

import math

import torch

from golden_format import digits, require_close, to_tensor, values, wave, write

SIZE, STEPS, PHASE, PHASE_PER_STEP = 12, 10, 0.4, 0.9
MAGNITUDES = [1.0, 0.5, 0.1, 0.03, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 3e-7, 1e-7, 0.0]

SGD = {"optimizer": "sgd", "learningRate": 0.05, "momentum": 0.0, "nesterov": False}
RMSPROP = {"optimizer": "rmsprop", "learningRate": 0.01, "rho": 0.9, "momentum": 0.0}
RMSPROP |= {"epsilon": 1e-7, "centered": False}
ADAM = {"optimizer": "adam", "learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}

CASES = [
    {"name": "sgd", **SGD},
    {"name": "sgd/momentum", **SGD, "momentum": 0.9},
    {"name": "sgd/nesterov", **SGD, "momentum": 0.9, "nesterov": True},
    {"name": "rmsprop", **RMSPROP},
    {"name": "rmsprop/momentum", **RMSPROP, "momentum": 0.9},
    {"name": "rmsprop/centered", **RMSPROP, "centered": True},
    {"name": "rmsprop/centered+momentum", **RMSPROP, "centered": True, "momentum": 0.9},
    {"name": "adam", **ADAM},
    {"name": "adamw", **ADAM, "optimizer": "adamw", "weightDecay": 0.04},
]


def gradients():
    """The ten gradients, float32 values in float64."""
    magnitudes = torch.tensor(MAGNITUDES, dtype=torch.float32)
    steps = [to_tensor(wave([SIZE], phase), torch.float32) for phase in phases()]
    return [(magnitudes * step).double() for step in steps]


def phases():
    return [PHASE + PHASE_PER_STEP * step for step in range(STEPS)]


def step_sgd(case, p, g, state):
    """m = momentum*m - lr*g;  p += m, with nesterov p += momentum*m - lr*g."""
    rate, momentum = case["learningRate"], case["momentum"]
    if momentum == 0.0:
        return p - rate * g
    m = state["m"] = momentum * state.get("m", 0.0) - rate * g
    return p + (momentum * m - rate * g if case["nesterov"] else m)


def step_rmsprop(case, p, g, state):
    """v = rho*v + (1-rho)*g^2;  centered: a = rho*a + (1-rho)*g, else a = 0
    u = lr*g / sqrt(v - a^2 + eps);  m = momentum*m + u;  p -= m."""
    rate, rho = case["learningRate"], case["rho"]
    v = state["v"] = rho * state.get("v", 0.0) + (1 - rho) * g * g
    a = 0.0
    if case["centered"]:
        a = state["a"] = rho * state.get("a", 0.0) + (1 - rho) * g
    u = rate * g / (v - a * a + case["epsilon"]).sqrt()
    m = state["m"] = case["momentum"] * state.get("m", 0.0) + u
    return p - m


def step_adam(case, p, g, state):
    """p -= lr*decay*p (adamw);  m += (g-m)*(1-b1);  v += (g^2-v)*(1-b2)
    p -= lr * sqrt(1-b2^t)/(1-b1^t) * m / (sqrt(v) + eps)."""
    rate, beta_1, beta_2 = case["learningRate"], case["beta1"], case["beta2"]
    t = state["t"] = state.get("t", 0) + 1
    p = p - rate * case.get("weightDecay", 0.0) * p
    m = state["m"] = state.get("m", 0.0) + (g - state.get("m", 0.0)) * (1 - beta_1)
    v = state["v"] = state.get("v", 0.0) + (g * g - state.get("v", 0.0)) * (1 - beta_2)
    alpha = rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return p - alpha * m / (v.sqrt() + case["epsilon"])


RULES = {"sgd": step_sgd, "rmsprop": step_rmsprop, "adam": step_adam, "adamw": step_adam}


def run(case):
    """The parameters after each step."""
    p, state, history = to_tensor(wave([SIZE], 0.2)), {}, []
    for g in gradients():
        p = RULES[case["optimizer"]](case, p, g, state)
        history.append(p)
    return torch.stack(history)


def make_torch_optimizer(case, p):
    rate = case["learningRate"]
    if case["optimizer"] == "sgd":
        return torch.optim.SGD([p], rate, case["momentum"], nesterov=case["nesterov"])
    if case["optimizer"] == "rmsprop":
        options = {"momentum": case["momentum"], "centered": case["centered"]}
        return torch.optim.RMSprop([p], rate, alpha=case["rho"], eps=case["epsilon"], **options)
    betas = (case["beta1"], case["beta2"])
    if case["optimizer"] == "adamw":
        decay = case["weightDecay"]
        return torch.optim.AdamW([p], rate, betas, case["epsilon"], weight_decay=decay)
    return torch.optim.Adam([p], rate, betas, case["epsilon"])


def check(case):
    """Against torch.optim. The two place epsilon differently, so both run with epsilon 0 there."""
    case = {**case, "epsilon": 0.0} if "epsilon" in case else case
    p = to_tensor(wave([SIZE], 0.2))
    optimizer = make_torch_optimizer(case, p)
    history = []
    for g in gradients():
        p.grad = g
        optimizer.step()
        history.append(p.clone())
    counted = [i for i, magnitude in enumerate(MAGNITUDES) if magnitude > 0.0]  # 0/0 elsewhere
    expected = torch.stack(history)[:, counted]
    require_close(case["name"], run(case)[:, counted], expected, 1e-11)


def generate():
    cases = []
    for case in CASES:
        check(case)
        shared = {"initial": wave([SIZE], 0.2), "magnitudes": values([SIZE], MAGNITUDES)}
        shared |= {"steps": STEPS, "phase": PHASE, "phasePerStep": PHASE_PER_STEP}
        history = [[digits(v) for v in row] for row in run(case).tolist()]
        cases.append({**case, **shared, "parametersAfterStep": history})
    write("optimizers", cases)
