"""The networks of bench_snn.c (tests/support/snn_networks.h) as data, for the scripts of the other simulators.

mV, ms, pA, nS, Hz. A population: (name, count). A projection: (from, to, inputs per neuron, weight, delay); multapses and
autapses allowed. Weights are a number, ("uniform", low, high) or ("normal", mean, sd); delays a number or ("normal", mean,
sd, low, high)."""
from math import log

CASES = ("coba", "cuba", "brunel", "izhikevich-10k-100", "izhikevich-10k-1000", "izhikevich-100k-100", "microcircuit")
SIMULATED_MS = {"coba": 5000.0, "cuba": 5000.0, "brunel": 1000.0, "izhikevich-10k-100": 5000.0,
                "izhikevich-10k-1000": 1000.0, "izhikevich-100k-100": 1000.0, "microcircuit": 500.0}

LAYERS = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
LAYER_SIZES = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
EXTERNAL = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
V_START = ((-68.28, 5.36), (-63.16, 4.57), (-63.33, 4.74), (-63.45, 4.94), (-63.11, 4.94), (-61.66, 4.55), (-66.72, 5.46),
           (-61.43, 4.48))
PROBABILITIES = ((0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0), (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
                 (0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0), (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
                 (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0), (0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0),
                 (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252), (0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443))


def pair(n_e, n_i, in_e, in_i, weight_e, weight_i, delay):
    return {"populations": (("E", n_e), ("I", n_i)),
            "projections": [(source, target, in_e if source == "E" else in_i, weight_e if source == "E" else weight_i, delay)
                            for target in "EI" for source in "EI"]}


def izhikevich(count, degree, dt, factor=1.0):
    """E: a 0.02, b 0.2, c in -65..-50, d in 2..8; I: a in 0.02..0.1, b in 0.2..0.25, c -65, d 2. Poisson events of 2.5
    (mV, or drive over a step of 1 ms) at 1000 Hz into E, 500 Hz into I."""
    w = 125.0 / degree
    case = pair(count // 5 * 4, count - count // 5 * 4, degree // 5 * 4, degree // 5, ("uniform", 0.0, w), ("uniform", -2.0 * w, 0.0), dt)
    return {**case, "dt": dt, "poisson_Hz": {"E": 1000.0 * factor, "I": 500.0 * factor}, "jump": 2.5}


def microcircuit():
    w, projections = 87.8086, []
    for to, row in enumerate(PROBABILITIES):
        for source, p in enumerate(row):
            if p > 0.0:
                n_to, n_from = LAYER_SIZES[to], LAYER_SIZES[source]
                inputs = int(log(1.0 - p) / log(1.0 - 1.0 / (n_to * n_from)) / n_to + 0.5)
                weight = -4.0 * w if source % 2 else 2.0 * w if (to, source) == (0, 2) else w
                delay = 0.75 if source % 2 else 1.5
                projections.append((LAYERS[source], LAYERS[to], inputs, ("normal", weight, 0.1 * abs(weight)),
                                    ("normal", delay, 0.5 * delay, 0.1, 6.3)))
    return {"populations": tuple(zip(LAYERS, LAYER_SIZES)), "projections": projections, "dt": 0.1, "weight": w}


def network(name):
    if name == "coba":
        return {**pair(3200, 800, 64, 16, 4.0, 51.0, 0.1), "dt": 0.1}
    if name == "cuba":
        return {**pair(3200, 800, 64, 16, 16.2, -139.5, 0.1), "dt": 0.1}
    if name == "brunel":
        return {**pair(10000, 2500, 1000, 250, 0.1, -0.5, 1.5), "dt": 0.1, "poisson_Hz": 20000.0}
    if name == "microcircuit":
        return microcircuit()
    count, degree, dt = {"izhikevich-10k-100": (10000, 100, 1.0), "izhikevich-10k-1000": (10000, 1000, 0.1),
                         "izhikevich-100k-100": (100000, 100, 1.0)}[name]
    return izhikevich(count, degree, dt)
