#!/usr/bin/python3
"""Values for the table of snn_order.c: each neuron's equations as published, solved by DOP853 with tolerances of
1e-13, from the state and the parameters of its line. Prints one line per case.

    /usr/bin/python3 tests/physics/snn_order.py [NAME...]
"""
import sys
from math import exp

from scipy.integrate import solve_ivp

CASES = {}


def case(name, until, x0, rhs):
    CASES[name] = (until, x0, rhs)


def solve(name):
    until, x0, rhs = CASES[name]
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

# ---- exponential and quadratic ------------------------------------------------------------------------------


def adex(t, x):
    v, w, g_exc, g_inh = x
    return [(-30.0 * (v + 70.6) + 60.0 * exp((v + 50.4) / 2.0) - w - g_exc * v - g_inh * (v + 80.0)) / 281.0,
            (4.0 * (v + 70.6) - w) / 144.0, -g_exc / 5.0, -g_inh / 5.0]


case("adex", 16.0, [-52.0, 100.0, 10.0, 30.0], adex)
case("qif", 5.0, [-3.0], lambda t, x: [(x[0] * x[0] + 2.0) / 10.0])
case("izhikevich", 2.0, [-65.0, -13.0],
     lambda t, x: [0.04 * x[0] * x[0] + 5.0 * x[0] + 140.0 - x[1] + 10.0, 0.02 * (0.2 * x[0] - x[1])])

for name in sys.argv[1:] or CASES:
    print("%-28s %.10g" % (name, solve(name)))
