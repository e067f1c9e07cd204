#!/usr/bin/python3
"""Independent values for the network of examples/izhikevich-2003 (izhikevich_2003.c beside this file): the update of
Izhikevich (2003), IEEE Trans. Neural Netw. 14, 1569-1572, in numpy: r drawn for each neuron, normal thalamic input. Prints for
each seed, over 1 s to 11 s: rates of E and I, standard deviation over mean of the rate of all in bins of 1 ms, shares of the
spectrum (Welch, segments of 1.024 s) between 7 and 14 Hz and between 20 and 50 Hz in that between 1 and 100 Hz, and the
frequencies of the highest values in both bands; then means and standard deviations over seeds.

    /usr/bin/python3 tests/physics/izhikevich_2003.py [N_SEEDS]
"""
import sys

import numpy as np

N_E, N_I = 800, 200
FIRST_MS, LAST_MS = 1000, 11000


def simulate(seed):
    rng = np.random.default_rng(seed)
    n, r_e, r_i = N_E + N_I, rng.random(N_E), rng.random(N_I)
    a = np.concatenate([np.full(N_E, 0.02), 0.02 + 0.08 * r_i])
    b = np.concatenate([np.full(N_E, 0.2), 0.25 - 0.05 * r_i])
    c = np.concatenate([-65.0 + 15.0 * r_e**2, np.full(N_I, -65.0)])
    d = np.concatenate([8.0 - 6.0 * r_e**2, np.full(N_I, 2.0)])
    weights = np.concatenate([0.5 * rng.random((N_E, n)), -rng.random((N_I, n))])
    sd = np.concatenate([np.full(N_E, 5.0), np.full(N_I, 2.0)])
    v = np.full(n, -65.0)
    u = b * v
    counts = np.zeros((LAST_MS, 2))
    for t in range(LAST_MS):
        drive = sd * rng.standard_normal(n)
        fired = v >= 30.0
        counts[t] = fired[:N_E].sum(), fired[N_E:].sum()
        v[fired] = c[fired]
        u[fired] += d[fired]
        drive += weights[fired].sum(axis=0)
        v += 0.5 * (0.04 * v * v + 5.0 * v + 140.0 - u + drive)
        v += 0.5 * (0.04 * v * v + 5.0 * v + 140.0 - u + drive)
        u += a * (b * v - u)
    counts = counts[FIRST_MS:]
    x = counts.sum(axis=1)
    x = x / n * 1e3
    segments = [x[k:k + 1024] for k in range(0, len(x) - 1023, 512)]
    power = sum(np.abs(np.fft.rfft((s - s.mean()) * np.hanning(1025)[:1024]))**2 for s in segments)
    f = np.arange(len(power)) / 1.024
    total = power[(f >= 1.0) & (f <= 100.0)].sum()
    alpha, gamma = (f >= 7.0) & (f <= 14.0), (f >= 20.0) & (f <= 50.0)
    seconds = len(x) / 1e3
    return [counts[:, 0].sum() / N_E / seconds, counts[:, 1].sum() / N_I / seconds, x.std() / x.mean(), power[alpha].sum() / total,
            power[gamma].sum() / total, f[alpha][np.argmax(power[alpha])], f[gamma][np.argmax(power[gamma])]]


if __name__ == "__main__":
    print("seed,rate_E_Hz,rate_I_Hz,swing,alpha,gamma,alpha_Hz,gamma_Hz")
    rows = []
    for seed in range(1, int(sys.argv[1]) + 1 if len(sys.argv) > 1 else 11):
        rows.append(simulate(seed))
        print(f"{seed}," + ",".join(f"{x:.4f}" for x in rows[-1]), flush=True)
    print("mean," + ",".join(f"{x:.4f}" for x in np.mean(rows, axis=0)))
    print("sd," + ",".join(f"{x:.4f}" for x in np.std(rows, axis=0, ddof=1)))
