#!/usr/bin/python3
"""Values for the table of snn_order.c: each neuron's equations as published, solved by DOP853 with tolerances of
1e-13, from the state and the parameters of its line. Prints one line per case.

    /usr/bin/python3 tests/physics/snn_order.py [NAME...]
"""
import sys
from math import cos, cosh, exp, log, tanh

from scipy.integrate import solve_ivp

CASES = {}


def case(name, until, x0, rhs):
    CASES[name] = (until, x0, rhs)


def solve(name):
    until, x0, rhs = CASES[name]
    if name.startswith("izhikevich-2007"):
        return through_spikes(rhs, until, x0)
    s = solve_ivp(rhs, (0.0, until), x0, method="DOP853", rtol=1e-13, atol=1e-13)
    assert s.success
    return s.y[0, -1]


# ---- integrate-and-fire, currents (V, I_exc, I_inh, ...) ---------------------------------------------------

def lif(tau_exc, tau_inh):
    return lambda t, x: [(-250.0 * (x[0] + 65.0) / 10.0 + x[1] + x[2] + 100.0) / 250.0, -x[1] / tau_exc, -x[2] / tau_inh]


case("lif", 8.0, [-60.0, 300.0, -100.0], lif(2.0, 8.0))
case("lif, equal time constants", 8.0, [-60.0, 300.0, -100.0], lif(10.0, 10.0))
case("lif-alpha", 8.0, [-60.0, 50.0, 100.0, -20.0, -30.0],
     lambda t, x: [(-250.0 * (x[0] + 65.0) / 10.0 + x[1] + x[3] + 100.0) / 250.0, -x[1] / 2.0 + x[2], -x[2] / 2.0,
                   -x[3] / 10.0 + x[4], -x[4] / 10.0])
case("lif-delta", 8.0, [-60.0], lambda t, x: [(-250.0 * (x[0] + 65.0) / 10.0 + 100.0) / 250.0])
case("alif", 8.0, [-60.0, 300.0, -100.0, 80.0],
     lambda t, x: [(-250.0 * (x[0] + 65.0) / 10.0 + x[1] + x[2] - x[3] + 100.0) / 250.0, -x[1] / 2.0, -x[2] / 8.0,
                   -x[3] / 100.0])

# ---- integrate-and-fire, conductances (V, g_exc, r_exc, g_inh, r_inh) ---------------------------------------


def cond(v, g_exc, g_inh):
    return (-10.0 * (v + 60.0) - g_exc * v - g_inh * (v + 80.0)) / 200.0


case("lif-cond", 8.0, [-60.0, 60.0, 0.0], lambda t, x: [cond(*x), -x[1] / 5.0, -x[2] / 10.0])
case("lif-cond-alpha", 8.0, [-60.0, 10.0, 5.0, 10.0, 5.0],
     lambda t, x: [cond(x[0], x[1], x[3]), -x[1] / 3.0 + x[2], -x[2] / 3.0, -x[3] / 6.0 + x[4], -x[4] / 6.0])
case("lif-cond-beta", 8.0, [-60.0, 10.0, 5.0, 10.0, 5.0],
     lambda t, x: [cond(x[0], x[1], x[3]), -x[1] / 5.0 + x[2], -x[2] / 2.0, -x[3] / 10.0 + x[4], -x[4] / 3.0])

case("alif-power", 8.0, [-60.0, 300.0, -100.0, 1.0, 0.5, 0.25],
     lambda t, x: [(-250.0 * (x[0] + 65.0) / 10.0 + x[1] + x[2] - 60.0 * (x[3] + x[4] + x[5]) + 100.0) / 250.0,
                   -x[1] / 2.0, -x[2] / 8.0, -x[3] / 1.6, -x[4] / (1.6 * 4.5**3), -x[5] / (1.6 * 4.5**7)])


def receptors(v, g_ampa, g_nmda, r, g_gaba_a, bound, s):
    """The current of the four receptors, and the slopes of their states."""
    block = 1.0 / (1.0 + 1.0 / 3.57 * exp(-0.062 * v))
    current = -g_ampa * v - g_nmda * block * v - g_gaba_a * (v + 70.0) - 10.0 * s**4 / (1.0 + s**4) * (v + 95.0)
    return current, [-g_ampa / 2.0, -g_nmda / 100.0 + r, -r / 2.0, -g_gaba_a / 5.0, -bound / 769.0,
                     0.031 * bound - s / 30.3]


def lif_receptors(t, x):
    current, slopes = receptors(*x)
    return [(-25.0 * (x[0] + 70.0) + current) / 500.0] + slopes


case("lif-receptors", 16.0, [-60.0, 40.0, 20.0, 20.0, 20.0, 0.5, 1.0], lif_receptors)

# ---- exponential and quadratic ------------------------------------------------------------------------------


def adex(t, x):
    v, w, g_exc, g_inh = x
    return [(-30.0 * (v + 70.6) + 60.0 * exp((v + 50.4) / 2.0) - w - g_exc * v - g_inh * (v + 80.0)) / 281.0,
            (4.0 * (v + 70.6) - w) / 144.0, -g_exc / 5.0, -g_inh / 5.0]


def adex_cond_alpha(t, x):
    v, w, g_exc, r_exc, g_inh, r_inh = x
    return adex(t, (v, w, g_exc, g_inh))[:2] + [-g_exc / 2.0 + r_exc, -r_exc / 2.0, -g_inh / 5.0 + r_inh, -r_inh / 5.0]


case("adex", 16.0, [-52.0, 100.0, 10.0, 30.0], adex)
case("adex-cond-alpha", 16.0, [-52.0, 100.0, 10.0, 5.0, 30.0, 10.0], adex_cond_alpha)
case("adex-psc", 16.0, [-60.0, 100.0, 2000.0, -2000.0],
     lambda t, x: [(-30.0 * (x[0] + 70.6) + 60.0 * exp((x[0] + 50.4) / 2.0) - x[1] + x[2] + x[3]) / 281.0,
                   (4.0 * (x[0] + 70.6) - x[1]) / 144.0, -x[2] / 2.0, -x[3] / 5.0])
case("eif", 16.0, [-60.0, 2000.0, -2000.0],
     lambda t, x: [(-30.0 * (x[0] + 70.6) + 60.0 * exp((x[0] + 50.4) / 2.0) + x[1] + x[2]) / 281.0,
                   -x[1] / 2.0, -x[2] / 5.0])


def adex_receptors(t, x):
    v, w = x[0], x[1]
    current, slopes = receptors(v, *x[2:])
    return [(-30.0 * (v + 70.6) + 60.0 * exp((v + 50.4) / 2.0) - w + current) / 281.0,
            (4.0 * (v + 70.6) - w) / 144.0] + slopes


case("adex-receptors", 16.0, [-60.0, 100.0, 10.0, 10.0, 5.0, 60.0, 0.5, 1.0], adex_receptors)
case("qif", 5.0, [-3.0], lambda t, x: [(x[0] * x[0] + 2.0) / 10.0])
case("theta", 5.0, [-2.5], lambda t, x: [(1.0 - cos(x[0]) + (1.0 + cos(x[0])) * 2.0) / 10.0])
case("theta, exponential input", 10.0, [-0.8, 1.5],
     lambda t, x: [(1.0 - cos(x[0]) + (1.0 + cos(x[0])) * (x[1] - 0.5)) / 10.0, -x[1] / 5.0])
case("aqif", 10.0, [-0.5, 1.5, 0.2, 2.0],
     lambda t, x: [(x[0] * x[0] - x[2] + x[1] - 0.5) / 10.0, -x[1] / 5.0, (x[3] - x[2]) / 10.0, -x[3] / 10.0])
case("eglif", 8.0, [-70.0, -3.0, 4.0, 0.5, 1.0, 0.2, 0.4, 0.1, 0.3, 0.3, 0.2],
     lambda t, x: [(x[0] + 68.0) / 9.125 + (3.711 - x[1] + x[2] - (x[3] + x[7]) * x[0] - (x[5] + x[9]) * (x[0] + 80.0)) / 14.6,
                   2.025 * (x[0] + 68.0) - 1.096 * x[1], -1.887 * x[2], -x[3] / 1.0 + x[4], -x[4] / 1.0,
                   -x[5] / 2.0 + x[6], -x[6] / 2.0, -x[7] / 2.0 + x[8], -x[8] / 2.0, -x[9] / 2.0 + x[10], -x[10] / 2.0])
case("izhikevich", 2.0, [-65.0, -13.0],
     lambda t, x: [0.04 * x[0] * x[0] + 5.0 * x[0] + 140.0 - x[1] + 10.0, 0.02 * (0.2 * x[0] - x[1])])


def izhikevich_2007(t, x):
    v, u, i_exc, i_inh = x
    return [(0.7 * (v + 60.0) * (v + 40.0) - u + i_exc + i_inh + 300.0) / 100.0,
            0.03 * (-2.0 * (v + 60.0) - u), -i_exc / 5.0, -i_inh / 5.0]


def izhikevich_2007_cond(b_3, v_b):
    def rhs(t, x):
        v, u, g_exc, g_inh = x
        return [(0.7 * (v + 60.0) * (v + 40.0) - u - g_exc * v - g_inh * (v + 80.0) + 300.0) / 100.0,
                0.03 * (-2.0 * (v + 60.0) + b_3 * (v - v_b)**3 - u), -g_exc / 5.0, -g_inh / 5.0]
    return rhs


def through_spikes(rhs, until, x0):
    """The regular spiking neuron, restarted at each crossing of the peak."""
    def peak(t, x):
        return x[0] - 35.0
    peak.terminal, peak.direction = True, 1.0
    t, x = 0.0, x0
    while t < until:
        s = solve_ivp(rhs, (t, until), x, method="DOP853", rtol=1e-13, atol=1e-13, events=peak)
        t, x = s.t[-1], s.y[:, -1]
        if s.status == 1:
            x = [-50.0, x[1] + 100.0, x[2], x[3]]
    return x[0]


case("izhikevich-2007", 16.0, [-60.0, 50.0, 200.0, -100.0], izhikevich_2007)
case("izhikevich-2007-cond", 16.0, [-60.0, 50.0, 7.0, 9.0], izhikevich_2007_cond(0.0, -55.0))
case("izhikevich-2007-cond, cubic above v_b", 10.0, [-60.0, 50.0, 8.0, 5.0], izhikevich_2007_cond(0.001, -80.0))
case("izhikevich-2007-cond, cubic below v_b", 11.0, [-60.0, 50.0, 8.0, 5.0], izhikevich_2007_cond(0.0003, 40.0))

# ---- ion channels -------------------------------------------------------------------------------------------


def relaxing(rates, gates):
    return [a * (1.0 - x) - b * x for (a, b), x in zip(rates, gates)]


def hh_squid(t, x):
    v, m, h, n, i_exc, d_exc, i_inh, d_inh = x
    rates = [(0.1 * (v + 40.0) / (1.0 - exp(-(v + 40.0) / 10.0)), 4.0 * exp(-(v + 65.0) / 18.0)),
             (0.07 * exp(-(v + 65.0) / 20.0), 1.0 / (1.0 + exp(-(v + 35.0) / 10.0))),
             (0.01 * (v + 55.0) / (1.0 - exp(-(v + 55.0) / 10.0)), 0.125 * exp(-(v + 65.0) / 80.0))]
    i = 1000.0 + i_exc + i_inh - 30.0 * (v + 54.402) - 12000.0 * m**3 * h * (v - 50.0) - 3600.0 * n**4 * (v + 77.0)
    return [i / 100.0] + relaxing(rates, [m, h, n]) + [-i_exc / 0.2 + d_exc, -d_exc / 0.2, -i_inh / 2.0 + d_inh, -d_inh / 2.0]


def hh_traub(t, x):
    v, m, h, n, g_exc, g_inh = x
    u = v + 63.0
    rates = [(0.32 * (13.0 - u) / (exp((13.0 - u) / 4.0) - 1.0), 0.28 * (u - 40.0) / (exp((u - 40.0) / 5.0) - 1.0)),
             (0.128 * exp((17.0 - u) / 18.0), 4.0 / (1.0 + exp((40.0 - u) / 5.0))),
             (0.032 * (15.0 - u) / (exp((15.0 - u) / 5.0) - 1.0), 0.5 * exp((10.0 - u) / 40.0))]
    i = 300.0 - 10.0 * (v + 60.0) - 20000.0 * m**3 * h * (v - 50.0) - 6000.0 * n**4 * (v + 90.0) - g_exc * v - g_inh * (v + 80.0)
    return [i / 200.0] + relaxing(rates, [m, h, n]) + [-g_exc / 5.0, -g_inh / 10.0]


def morris_lecar(t, x):
    v, w, i_exc, i_inh = x
    m = (1.0 + tanh((v + 1.2) / 18.0)) / 2.0
    i = 100.0 + i_exc + i_inh - 2.0 * (v + 60.0) - 4.0 * m * (v - 120.0) - 8.0 * w * (v + 84.0)
    return [i / 20.0, cosh((v - 12.0) / 34.8) / 15.0 * ((1.0 + tanh((v - 12.0) / 17.4)) / 2.0 - w), -i_exc / 5.0, -i_inh / 5.0]


case("hh-squid", 2.0, [-65.0, 0.052932485, 0.596120754, 0.317676914, 50.0, 100.0, -20.0, -30.0], hh_squid)
case("hh-traub", 1.6, [-60.0, 0.026863330, 0.991305822, 0.060434035, 30.0, 10.0], hh_traub)
case("morris-lecar", 10.0, [-40.0, 0.0, 15.0, -8.0], morris_lecar)
case("hindmarsh-rose", 4.0, [-1.0, -4.0, 1.0, 1.0, -0.5],
     lambda t, x: [x[1] - x[0]**3 + 3.0 * x[0]**2 - x[2] + 2.0 + x[3] + x[4], 1.0 - 5.0 * x[0]**2 - x[1],
                   0.006 * (4.0 * (x[0] + 1.6) - x[2]), -x[3] / 5.0, -x[4] / 5.0])
# ---- stochastic and in its phase: the hazard off, and no input -------------------------------------------------

case("lif-escape", 8.0, [-60.0, 300.0, -100.0], lif(2.0, 8.0))
case("lif-phase", 8.0, [0.1], lambda t, x: [1.0 / (10.0 * log(1.5 / 0.5))])

for name in sys.argv[1:] or CASES:
    print("%-28s %.10g" % (name, solve(name)))
