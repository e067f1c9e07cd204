#!/usr/bin/python3
"""Independent values for the basal ganglia of network_rhythms.c: the same equations and figures in Brian 2 (Debian's
python3-brian), Runge-Kutta 4 at 0.1 ms, the slope of V cut at 500 mV/ms as quilt does. Prints, per population, the mean
rate, the mean CV of intervals and the peak of the spectrum over 0.5 s to 2.5 s, for each seed. A spike overshoots the peak within
its step, which moves rates by up to 2 % and CVs by up to 4 % (support/basal_ganglia.c): the test takes only the peak from here.

    /usr/bin/python3 tests/physics/basal_ganglia.py [SEED ...]
"""
import sys

import numpy as np
from brian2 import Hz, Network, NeuronGroup, PoissonInput, SpikeMonitor, Synapses, defaultclock, ms, prefs, seed

SIZES = {"D1": 6000, "D2": 6000, "FSN": 420, "GPeTI": 780, "GPeTA": 260, "STN": 408, "SNr": 754}
# C_m (pF), v_r, v_t (mV), a (1/ms), b (nS), cubic (pA/mV^3), v_peak, c (mV), d (pA)
QUADRATIC = {"D1": (15.2, -78.2, -29.7, 0.01, -20.0, 0.0, 40.0, -60.0, 67.0),
             "D2": (15.2, -80.0, -29.7, 0.01, -20.0, 0.0, 40.0, -60.0, 91.0),
             "FSN": (80.0, -80.0, -50.0, 0.2, 0.0, 0.025, 25.0, -60.0, 0.0)}
# C_m, g_L, E_L, Delta_T, V_T, E_inh, tau_exc, tau_inh, tau_w, a, b, V_peak, V_reset, I_e
EXPONENTIAL = {"GPeTI": (40, 1, -55.1, 1.7, -54.7, -65, 10, 5.5, 20, 2.5, 70, 15, -60, 12),
               "GPeTA": (60, 1, -55.1, 2.55, -54.7, -65, 10, 5.5, 20, 2.5, 105, 15, -60, 1),
               "STN": (60, 10, -80.2, 16.2, -64, -84, 4, 8, 333, 0, 0.05, 15, -70, 5),
               "SNr": (80, 3, -55.8, 1.8, -55.2, -72, 12, 2.1, 20, 3, 200, 20, -65, 15)}
# from, to, inputs per neuron, mean and deviation of the delay (ms), weight (nS)
CONNECTIONS = [
    ("D1", "D1", 364, 1.7, 0.2, 0.12), ("D1", "D2", 84, 1.7, 0.2, 0.30), ("D1", "SNr", 79, 7.0, 0.7, 2.0),
    ("D2", "D1", 392, 1.7, 0.2, 0.36), ("D2", "D2", 504, 1.7, 0.2, 0.20), ("D2", "GPeTI", 500, 7.0, 0.7, 1.28),
    ("FSN", "D1", 16, 1.7, 0.2, 6.6), ("FSN", "FSN", 10, 1.0, 0.1, 0.5), ("FSN", "D2", 11, 1.7, 0.2, 4.8),
    ("GPeTI", "GPeTI", 25, 1.0, 0.1, 1.2), ("GPeTI", "GPeTA", 25, 1.0, 0.1, 0.35), ("GPeTI", "FSN", 10, 7.0, 0.7, 1.6),
    ("GPeTI", "STN", 30, 1.0, 0.1, 0.08), ("GPeTI", "SNr", 25, 3.0, 0.3, 76.0), ("GPeTA", "D1", 10, 7.0, 0.7, 0.35),
    ("GPeTA", "D2", 10, 7.0, 0.7, 0.61), ("GPeTA", "FSN", 10, 7.0, 0.7, 1.85), ("GPeTA", "GPeTA", 5, 1.0, 0.1, 0.35),
    ("GPeTA", "GPeTI", 5, 1.0, 0.1, 1.2), ("STN", "GPeTA", 30, 2.0, 0.2, 0.13), ("STN", "GPeTI", 30, 2.0, 0.2, 0.42),
    ("STN", "SNr", 30, 4.5, 0.5, 0.91)]
INPUTS = {"D1": (1120, 0.45), "D2": (973, 0.45), "STN": (500, 0.25), "GPeTA": (170, 0.15), "GPeTI": (1530, 0.25),
          "FSN": (944.4, 0.5), "SNr": (6000, 0.55)}


def neurons(name, rng):
    """All quantities as numbers in mV, ms, pA, nS, pF; v and its slope carry no units, so that the slope can be cut."""
    n = SIZES[name]
    if name in QUADRATIC:
        c_m, v_r, v_t, a, b, cubic, peak, reset, jump = QUADRATIC[name]
        group = NeuronGroup(n, f"""
            dv/dt = ((v - {v_r}) * (v - {v_t}) - u - ge * v - gi * (v + 74)) / {c_m} / ms : 1
            du/dt = {a} * ({b} * (v - {v_r}) + {cubic} * clip(v + 55, -1000, 0)**3 - u) / ms : 1
            dge/dt = -ge / (12 * ms) : 1
            dgi/dt = -gi / (10 * ms) : 1""", threshold=f"v >= {peak}", reset=f"v = {reset}; u += {jump}", method="rk4")
        group.v = v_r + 20.0 * (rng.random(n) - 0.5)
    else:
        c_m, g_l, e_l, delta, v_t, e_i, t_e, t_i, t_w, a, b, peak, reset, i_e = EXPONENTIAL[name]
        group = NeuronGroup(n, f"""
            dv/dt = clip((-{g_l} * (v - {e_l}) + {g_l * delta} * exp((v - {v_t}) / {delta}) - ge * v
                          - gi * (v - {e_i}) - w + {i_e}) / {c_m}, -500, 500) / ms : 1
            dw/dt = ({a} * (v - {e_l}) - w) / ({t_w} * ms) : 1
            dge/dt = -ge / ({t_e} * ms) : 1
            dgi/dt = -gi / ({t_i} * ms) : 1""", threshold=f"v >= {peak}", reset=f"v = {reset}; w += {b}", method="rk4")
        group.v = e_l - 20.0 * rng.random(n)
    return group


def pairs(rng, n_from, n_to, n):
    """n distinct pairs of n_from x n_to."""
    chosen = np.unique(rng.integers(0, n_from * n_to, int(1.3 * n) + 1000))
    while len(chosen) < n:
        chosen = np.unique(np.concatenate([chosen, rng.integers(0, n_from * n_to, n)]))
    return np.divmod(rng.permutation(chosen)[:n], n_to)


def simulate(number):
    rng = np.random.default_rng(number)
    seed(number)
    defaultclock.dt = 0.1 * ms
    groups = {name: neurons(name, rng) for name in SIZES}
    parts = list(groups.values())
    for source, target, inputs, mean, sd, weight in CONNECTIONS:
        i, j = pairs(rng, SIZES[source], SIZES[target], inputs * SIZES[target])
        s = np.sqrt(np.log1p((sd / mean)**2))
        channel = "ge" if source == "STN" else "gi"
        synapses = Synapses(groups[source], groups[target], on_pre=f"{channel}_post += {weight}")
        synapses.connect(i=i, j=j)
        synapses.delay = np.exp(np.log(mean) - 0.5 * s * s + s * rng.standard_normal(len(i))) * ms
        parts.append(synapses)
    parts += [PoissonInput(groups[name], "ge", 100, 0.01 * rate * Hz, weight) for name, (rate, weight) in INPUTS.items()]
    monitors = {name: SpikeMonitor(group) for name, group in groups.items()}
    Network(*parts, *monitors.values()).run(2500 * ms)
    for name, m in monitors.items():
        t, i = np.asarray(m.t / ms), np.asarray(m.i)
        t, i = t[t > 500.0], i[t > 500.0]
        cvs = [np.std(d) / np.mean(d) for d in (np.diff(t[i == k]) for k in range(SIZES[name])) if len(d) >= 5]
        x = np.histogram(t, 2000, (500.0, 2500.0))[0].astype(float)
        windows = [x[k:k + 1000] for k in (0, 500, 1000)]
        power = sum(np.abs(np.fft.rfft((w - w.mean()) * np.hanning(1000)))**2 for w in windows)
        print(f"{number},{name},{len(t) / SIZES[name] / 2.0:.4f},{np.mean(cvs):.4f},{5 + np.argmax(power[5:60])}", flush=True)


if __name__ == "__main__":
    prefs.codegen.target = "numpy"
    print("seed,population,rate_Hz,cv,peak_Hz")
    for number in [int(a) for a in sys.argv[1:]] or [1, 2, 3, 4]:
        simulate(number)
