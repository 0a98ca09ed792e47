"""Twenty-five optimizer steps with gradients in closed form, by Keras 3's equations.

gradient[step][i] = float32(magnitudes[i] * float32(sin(angle of wave i at phase 0.4 + 0.9*step))),
step = 0..24. The magnitudes reach from 1 to 1e-7, where epsilon decides, and include an exact zero.
"""

import math

import torch

from golden_format import digits, require_close, to_tensor, values, wave, write

SIZE, STEPS, PHASE, PHASE_PER_STEP = 12, 25, 0.4, 0.9
MAGNITUDES = [1.0, 0.5, 0.1, 0.03, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 3e-7, 1e-7, 0.0]

SGD = {"optimizer": "sgd", "learningRate": 0.05, "momentum": 0.0, "nesterov": False}
RMSPROP = {"optimizer": "rmsprop", "learningRate": 0.01, "rho": 0.9, "momentum": 0.0}
RMSPROP |= {"epsilon": 1e-7, "centered": False}
ADAM = {"optimizer": "adam", "learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}

ADAGRAD = {"optimizer": "adagrad", "learningRate": 0.05, "initialAccumulatorValue": 0.1}
ADAGRAD |= {"epsilon": 1e-7}
ADADELTA = {"optimizer": "adadelta", "learningRate": 1.0, "rho": 0.9, "epsilon": 1e-7}
LION = {"optimizer": "lion", "learningRate": 0.01, "beta1": 0.9, "beta2": 0.95}

CASES = [
    {"name": "sgd", **SGD},
    {"name": "sgd/momentum", **SGD, "momentum": 0.9},
    {"name": "sgd/nesterov", **SGD, "momentum": 0.9, "nesterov": True},
    {"name": "rmsprop", **RMSPROP},
    {"name": "rmsprop/momentum", **RMSPROP, "momentum": 0.9},
    {"name": "rmsprop/centered", **RMSPROP, "centered": True},
    {"name": "rmsprop/centered+momentum", **RMSPROP, "centered": True, "momentum": 0.9},
    {"name": "adam", **ADAM},
    {"name": "adam/amsgrad", **ADAM, "beta2": 0.6, "amsgrad": True},
    {"name": "adamw", **ADAM, "optimizer": "adamw", "weightDecay": 0.04},
    {"name": "adagrad", **ADAGRAD},
    {"name": "adadelta", **ADADELTA},
    {"name": "adamax", **ADAM, "optimizer": "adamax", "beta2": 0.9},
    {"name": "nadam", **ADAM, "optimizer": "nadam"},
    {"name": "lion", **LION},
    {"name": "lion+decay", **LION, "weightDecay": 0.5},
]


def gradients():
    """The gradients, float32 values in float64."""
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
    if case.get("amsgrad"):
        v = state["greatest"] = torch.maximum(state.get("greatest", torch.zeros_like(v)), v)
    alpha = rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return p - alpha * m / (v.sqrt() + case["epsilon"])


def step_adagrad(case, p, g, state):
    """a += g^2;  p -= lr*g / sqrt(a + eps)."""
    a = state["a"] = state.get("a", case["initialAccumulatorValue"]) + g * g
    return p - case["learningRate"] * g / (a + case["epsilon"]).sqrt()


def step_adadelta(case, p, g, state):
    """v = rho*v + (1-rho)*g^2;  s = g*sqrt(d + eps)/sqrt(v + eps);  d = rho*d + (1-rho)*s^2;  p -= lr*s."""
    rho, epsilon = case["rho"], case["epsilon"]
    v = state["v"] = rho * state.get("v", 0.0) + (1 - rho) * g * g
    d = state.get("d", torch.zeros_like(p))
    s = g * (d + epsilon).sqrt() / (v + epsilon).sqrt()
    state["d"] = rho * d + (1 - rho) * s * s
    return p - case["learningRate"] * s


def step_adamax(case, p, g, state):
    """m = b1*m + (1-b1)*g;  u = max(b2*u, |g|);  p -= lr/(1-b1^t) * m/(u + eps)."""
    beta_1, beta_2 = case["beta1"], case["beta2"]
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = beta_1 * state.get("m", 0.0) + (1 - beta_1) * g
    u = state["u"] = torch.maximum(beta_2 * state.get("u", torch.zeros_like(p)), g.abs())
    return p - case["learningRate"] / (1 - beta_1**t) * m / (u + case["epsilon"])


def step_nadam(case, p, g, state):
    """u(t) = b1*(1 - 0.96^t/2), U(t) = u(1)...u(t);  m, v as Adam;  p -= lr*n / (sqrt(v/(1-b2^t)) + eps)
    with n = u(t+1)*m/(1-U(t+1)) + (1-u(t))*g/(1-U(t))."""
    beta_1, beta_2 = case["beta1"], case["beta2"]
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = beta_1 * state.get("m", 0.0) + (1 - beta_1) * g
    v = state["v"] = beta_2 * state.get("v", 0.0) + (1 - beta_2) * g * g
    share, following = (beta_1 * (1 - 0.5 * 0.96**i) for i in (t, t + 1))
    product = state["product"] = state.get("product", 1.0) * share
    n = following * m / (1 - product * following) + (1 - share) * g / (1 - product)
    return p - case["learningRate"] * n / ((v / (1 - beta_2**t)).sqrt() + case["epsilon"])


def step_lion(case, p, g, state):
    """p -= lr*decay*p;  p -= lr*sign(b1*m + (1-b1)*g);  m = b2*m + (1-b2)*g."""
    rate, m = case["learningRate"], state.get("m", torch.zeros_like(p))
    p = p - rate * case.get("weightDecay", 0.0) * p
    direction = torch.sign(case["beta1"] * m + (1 - case["beta1"]) * g)
    state["m"] = case["beta2"] * m + (1 - case["beta2"]) * g
    return p - rate * direction


RULES = {"sgd": step_sgd, "rmsprop": step_rmsprop, "adam": step_adam, "adamw": step_adam}
RULES |= {"adagrad": step_adagrad, "adadelta": step_adadelta, "adamax": step_adamax}
RULES |= {"nadam": step_nadam, "lion": step_lion}


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
    if case["optimizer"] == "adagrad":
        first = case["initialAccumulatorValue"]
        return torch.optim.Adagrad([p], rate, initial_accumulator_value=first, eps=case["epsilon"])
    if case["optimizer"] == "adadelta":
        return torch.optim.Adadelta([p], rate, rho=case["rho"], eps=case["epsilon"])
    betas = (case["beta1"], case["beta2"])
    if case["optimizer"] == "adamax":
        return torch.optim.Adamax([p], rate, betas, case["epsilon"])
    if case["optimizer"] == "adamw":
        decay = case["weightDecay"]
        return torch.optim.AdamW([p], rate, betas, case["epsilon"], weight_decay=decay)
    return torch.optim.Adam([p], rate, betas, case["epsilon"], amsgrad=case.get("amsgrad", False))


def lion_weight(case, p, gradients):
    """One weight in Python floats. No direction may hang on a rounding of float32."""
    m, rate, decay = 0.0, case["learningRate"], case.get("weightDecay", 0.0)
    for g in gradients:
        direction = m + (1 - case["beta1"]) * (g - m)
        if abs(direction) < 1e-5 * max(abs(m), abs(g)):
            raise AssertionError(f"{case['name']}: the sign of {direction} is not safe")
        p -= rate * (decay * p + (math.copysign(1.0, direction) if direction else 0.0))
        m += (1 - case["beta2"]) * (g - m)
        yield p


def nadam_weight(case, p, gradients):
    """One weight in Python floats, by Dozat's equations with all products written out."""
    beta_1, beta_2 = case["beta1"], case["beta2"]
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        u = [beta_1 * (1 - 0.96**i / 2) for i in range(1, t + 2)]
        m += (1 - beta_1) * (g - m)
        v += (1 - beta_2) * (g**2 - v)
        ahead = u[t] * m / (1 - math.prod(u)) + (1 - u[t - 1]) * g / (1 - math.prod(u[:-1]))
        p -= case["learningRate"] * ahead / (math.sqrt(v / (1 - beta_2**t)) + case["epsilon"])
        yield p


# PyTorch 1.13 has no Lion; its NAdam takes u(t) twice in the product up to t + 1 (corrected in 2.0).
BY_WEIGHT = {"lion": lion_weight, "nadam": nadam_weight}


def check_by_weight(case):
    first, steps = to_tensor(wave([SIZE], 0.2)).tolist(), [g.tolist() for g in gradients()]
    weight = BY_WEIGHT[case["optimizer"]]
    columns = [list(weight(case, first[i], [g[i] for g in steps])) for i in range(SIZE)]
    require_close(case["name"], run(case), torch.tensor(columns, dtype=torch.float64).T, 1e-11)


def check(case):
    """Against torch.optim. Most place epsilon differently, so both run with epsilon 0 there."""
    if case["optimizer"] in BY_WEIGHT:
        return check_by_weight(case)
    if "epsilon" in case and case["optimizer"] != "adadelta":
        case = {**case, "epsilon": 0.0}
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
