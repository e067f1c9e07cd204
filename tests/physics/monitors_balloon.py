#!/usr/bin/env python3
"""Makes the numbers of monitors_balloon.c: the balloon model in its own variables (no logarithms), solved by SciPy's DOP853
at relative tolerance 1e-12, for x(t) = 0.4 + 0.3 sin(2 pi 0.2 t) and 0.8 more from 6 to 9 s. SciPy 1.10.1."""
import numpy as np
from scipy.integrate import solve_ivp

SETS = {
    "friston": dict(kappa=0.65, gamma=0.41, tau=0.98, alpha=0.32, rho=0.34, v0=0.02, k1=7 * 0.34, k2=2.0, k3=2 * 0.34 - 0.2),
    "stephan": dict(kappa=0.64, gamma=0.32, tau=2.0, alpha=0.32, rho=0.4, v0=0.04, k1=4.3 * 40.3 * 0.4 * 0.04,
                    k2=25 * 0.4 * 0.04, k3=0.0),
}


def x(t, is_on):
    return 0.4 + 0.3 * np.sin(2 * np.pi * 0.2 * t) + (0.8 if is_on else 0.0)


def rhs(t, z, p, is_on):
    s, f, v, q = z
    out = v ** (1 / p["alpha"])
    return [x(t, is_on) - p["kappa"] * s - p["gamma"] * (f - 1), s, (f - out) / p["tau"],
            (f * (1 - (1 - p["rho"]) ** (1 / f)) / p["rho"] - q * out / v) / p["tau"]]


for name, p in SETS.items():
    z, rows = [0.0, 1.0, 1.0, 1.0], []
    for begin, end, is_on in ((0, 6, False), (6, 9, True), (9, 20, False)):  # no step across a jump
        times = np.arange(begin + 1, end + 1)
        sol = solve_ivp(rhs, (begin, end), z, method="DOP853", t_eval=times, rtol=1e-12, atol=1e-14, args=(p, is_on))
        z = sol.y[:, -1]
        rows += list(sol.y.T)
    y = [p["v0"] * (p["k1"] * (1 - q) + p["k2"] * (1 - q / v) + p["k3"] * (1 - v)) for s, f, v, q in rows]
    print(name, ", ".join(f"{value:.13e}" for value in y))
