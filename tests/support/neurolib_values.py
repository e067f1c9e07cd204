#!/usr/bin/env python3
"""Writes tests/support/neurolib_values.h: derivatives and series of neurolib's own integration code.

    python3 neurolib_values.py NEUROLIB EIF_TABLE > neurolib_values.h

NEUROLIB is a source tree of neurolib (github.com/neurolib-dev/neurolib, commit 9b6b2b8f); only its time integration is
loaded. EIF_TABLE is nmm/tables/eif_table.inc: neurolib's code for ALN runs on this project's table. Needs numpy, numba.
"""
import re
import sys
import types

import numpy as np

N_SAMPLES = 8


def load(root):
    for name in ("", ".models", ".models.aln", ".models.thalamus", ".utils"):
        module = types.ModuleType("neurolib" + name)
        module.__path__ = [root + "/neurolib" + name.replace(".", "/")]
        sys.modules["neurolib" + name] = module
    collections = types.ModuleType("neurolib.utils.collections")  # its one class that is needed, without its packages
    collections.dotdict = type("dotdict", (dict,), {"__getattr__": dict.get, "__setattr__": dict.__setitem__})
    sys.modules["neurolib.utils.collections"] = collections
    import neurolib.models.aln.timeIntegration as aln
    import neurolib.models.thalamus.loadDefaultParams as thalamus_defaults
    import neurolib.models.thalamus.timeIntegration as thalamus

    return aln, thalamus, thalamus_defaults


def show(name, values, comment):
    values = np.atleast_2d(values)
    print(f"/** {comment} */")
    print(f"static const double {name}[{values.shape[0]}][{values.shape[1]}] = {{")
    for row in values:
        lines = [", ".join(repr(float(v)) for v in row[k:k + 5]) for k in range(0, len(row), 5)]
        print("    {" + ",\n     ".join(lines) + "},")
    print("};")


# ---- thalamus ----------------------------------------------------------------------------------

THALAMUS = ["V_t", "V_r", "Ca", "h_T_t", "h_T_r", "m_h1", "m_h2", "s_et", "s_gt", "s_er", "s_gr",
            "ds_et", "ds_gt", "ds_er", "ds_gr"]


def thalamus_run(code, defaults, state, dt, duration):
    p = defaults.loadDefaultParams(seed=1)
    p["dt"], p["duration"] = dt, duration
    for name, value in zip(THALAMUS, state):
        p[name + "_init"] = np.array([value]) if name.startswith("V") else np.array(value)
    return code.timeIntegration(p)


def thalamus_end(result):
    t, v_t, v_r, q_t, q_r, *rest = result
    return np.array([v_t[0, -1], v_r[0, -1]] + [float(x) for x in rest])


def thalamus(code, defaults):
    rng = np.random.RandomState(11)
    dt = 1.0 / 64.0
    states, slopes = [], []
    for _ in range(N_SAMPLES):
        x = np.concatenate([rng.uniform(-95, -30, 2), [10 ** rng.uniform(-4.5, -2.5)], rng.uniform(0, 1, 2),
                            rng.uniform(0, 0.5, 2), rng.uniform(0, 2, 4), rng.uniform(-0.1, 0.1, 4)])
        states.append(x)
        slopes.append((thalamus_end(thalamus_run(code, defaults, x, dt, dt)) - x) / dt)
    show("neurolib_thalamus_x", states, "States of the thalamus, in the order of the entry.")
    show("neurolib_thalamus_dx", slopes, "Their derivatives; that of ds_et is 0 in neurolib, which leaves its input out.")
    start = [-70.0, -70.0, 2.4e-4] + [0.0] * 12
    rows = []
    for dt in (0.02, 0.01):
        v = thalamus_run(code, defaults, start, dt, 500.0)[1][0]
        rows.append([v[round(t / dt)] for t in range(25, 501, 25)])
    show("neurolib_thalamus_v", rows, "V_t at 25, 50, ... 500 ms from rest, Euler steps of 0.02 and 0.01 ms.")


# ---- ALN ---------------------------------------------------------------------------------------

ALN = ["mufe", "mufi", "IA", "seem", "seim", "siem", "siim", "seev", "seiv", "siev", "siiv"]
MU, SIGMA = np.arange(321) * 0.025 - 1.0, np.arange(46) * 0.1 + 0.5


def read_table(path):
    text = re.sub(r"/\*.*?\*/", "", open(path).read())
    numbers = np.array([float(x) for x in text.split(",") if x.strip()]).reshape(321, 46, 3)
    return numbers[:, :, 0] * 1e-7, numbers[:, :, 1] * 1e-3, numbers[:, :, 2] * 1e-4


def aln_params(table, n):
    p = dict(seed=1, filter_sigma=0, distr_delay=0, tau_ou=5.0, sigma_ou=0.0, mue_ext_mean=0.4, mui_ext_mean=0.3,
             sigmae_ext=1.5, sigmai_ext=1.5, Ke=800.0, Ki=200.0, de=4.0, di=2.0, tau_se=2.0, tau_si=5.0, tau_de=1.0,
             tau_di=1.0, cee=0.3, cie=0.3, cei=0.5, cii=0.5, Jee_max=2.43, Jie_max=2.60, Jei_max=-3.3, Jii_max=-1.64,
             a=0.0, b=0.0, EA=-80.0, tauA=200.0, C=200.0, gL=10.0, EL=-65.0, DeltaT=1.5, VT=-50.0, Vr=-70.0, Vs=-40.0,
             Tref=1.5, c_gl=0.3, Ke_gl=250.0, signalV=20.0, Cmat=np.zeros((n, n)), lengthMat=np.zeros((n, n)),
             ext_exc_rate=0.0, ext_inh_rate=0.0, ext_exc_current=0.0, ext_inh_current=0.0,
             precalc_r=table[0], precalc_V=table[1], precalc_tau_mu=table[2], precalc_tau_sigma=table[2],
             Irange=MU, sigmarange=SIGMA, dI=0.025, ds=0.1)
    return p


def aln_run(code, p, state, rates, dt, duration):
    """rates: history of E and I (1/ms, one row per region); returns rates (1/ms) and the final state."""
    n = len(p["Cmat"])
    p = dict(p, dt=dt, duration=duration, mue_ou=np.full(n, p["mue_ext_mean"]), mui_ou=np.full(n, p["mui_ext_mean"]))
    for name, value in zip(ALN, state):
        p[name + "_init"] = np.atleast_1d(value).astype(float)
    p["IA_init"] = p["IA_init"].reshape(n, 1)
    # neurolib keeps rates of the past in Hz
    p["rates_exc_init"], p["rates_inh_init"] = rates[0] * 1e3, rates[1] * 1e3
    if rates[0].shape[1] > 1:
        p["IA_init"] = np.repeat(p["IA_init"], rates[0].shape[1], axis=1)
    t, re, ri, mufe, mufi, ia, *rest = code.timeIntegration(p)
    end = np.array([mufe, mufi, ia[:, -1]] + rest[:8])
    # the code returns seem, seim, siem, siim, seev, seiv, siev, siiv
    return re[:, -len(t):] * 1e-3, ri[:, -len(t):] * 1e-3, end


def aln(code, table):
    rng = np.random.RandomState(12)
    dt = 1.0 / 64.0
    n_past = round(4.0 / dt) + 1
    p = aln_params(table, 1)
    p.update(a=15.0, b=40.0)
    x_all, in_all, y_all, dx_all = [], [], [], []
    for k in range(N_SAMPLES):
        x = np.concatenate([rng.uniform(-0.8, 3, 2), [rng.uniform(0, 100)], rng.uniform(0, 0.8, 4),
                            rng.uniform(0.0005, 0.01, 4)])
        late = rng.uniform(0, 0.06, 2)
        ext = np.concatenate([rng.uniform(0, 0.05, 2), rng.uniform(-0.5, 0.5, 2)])
        if k == 0:
            ext[:] = 0.0
        p.update(ext_exc_rate=ext[0], ext_inh_rate=ext[1], ext_exc_current=ext[2], ext_inh_current=ext[3])
        past = [np.zeros((1, n_past)), np.zeros((1, n_past))]
        past[0][0, n_past - round(4.0 / dt) - 1] = late[0]
        past[1][0, n_past - round(2.0 / dt) - 1] = late[1]
        re, ri, _ = aln_run(code, p, x, past, dt, dt)
        past[0][0, -1] = re[0, 0]  # adaptation follows the rate before: let it be the present one
        re, ri, end = aln_run(code, p, x, past, dt, dt)
        x_all.append(x)
        in_all.append(np.concatenate([ext, late]))
        y_all.append([re[0, 0], ri[0, 0]])
        dx_all.append((end[:, 0] - x) / dt)
    show("neurolib_aln_x", x_all, "States of ALN, in the order of the entry.")
    show("neurolib_aln_c", in_all, "Inputs: rates to E and I, currents to E and I, own delayed rates of E and I.")
    show("neurolib_aln_y", y_all, "Rates of E and I with these inputs, 1/ms.")
    show("neurolib_aln_dx", dx_all, "Derivatives.")


def rates_from_zero(code, p, dt, history):
    """Rates of E and I at 10, 20, ... 200 ms from a state of zeros. neurolib's k-th rate is that of the state at k dt."""
    n = len(p["Cmat"])
    past = [np.full((n, 1), history[0]), np.full((n, 1), history[1])]
    re, ri, _ = aln_run(code, p, np.zeros((len(ALN), n)), past, dt, 200.0 + 2.0 * dt)
    at = [round(t / dt) for t in range(10, 201, 10)]
    return re[:, at], ri[:, at]


def aln_series(code, table):
    # the rates before t = 0 are those of a state of zeros without inputs: mu = 0, sigma = 1.5
    history = (table[0][40, 10],) * 2
    p = aln_params(table, 1)
    p.update(mue_ext_mean=1.25, mui_ext_mean=0.75, b=5.0)
    rows = [rates_from_zero(code, p, dt, history) for dt in (0.02, 0.01)]
    show("neurolib_aln_one", [x[0] for row in rows for x in row],
         "Rates of E and I (1/ms) of one region at 10, 20, ... 200 ms, steps of 0.02 ms, then of 0.01 ms.")
    p = aln_params(table, 2)
    p.update(mue_ext_mean=1.1, mui_ext_mean=0.6, Cmat=np.array([[0.0, 1.0], [0.6, 0.0]]), signalV=2.0,
             lengthMat=np.array([[0.0, 14.0], [18.0, 0.0]]))
    rows = [rates_from_zero(code, p, dt, history) for dt in (0.02, 0.01)]
    show("neurolib_aln_two", [x for row in rows for x in row[0]],
         "Rates of E (1/ms) of two regions, 0 <- 1: w = 1, 7 ms; 1 <- 0: w = 0.6, 9 ms; both steps likewise.")


def main():
    aln_code, thalamus_code, thalamus_defaults = load(sys.argv[1])
    print("/* Made by neurolib_values.py from neurolib, commit 9b6b2b8f082c0cfa212f05576ead55bf23046d6f. */")
    print("#ifndef CALI_TESTS_NEUROLIB_VALUES_H\n#define CALI_TESTS_NEUROLIB_VALUES_H\n")
    print(f"enum {{ NEUROLIB_SAMPLES = {N_SAMPLES} }};")
    thalamus(thalamus_code, thalamus_defaults)
    if len(sys.argv) > 2:
        aln(aln_code, read_table(sys.argv[2]))
        aln_series(aln_code, read_table(sys.argv[2]))
    print("\n#endif")


main()
