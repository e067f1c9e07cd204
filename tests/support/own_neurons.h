/* Neurons as texts that are built in too: what the tests of own neurons share. */
#ifndef CALI_TESTS_OWN_NEURONS_H
#define CALI_TESTS_OWN_NEURONS_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snn/text/own.h"
#include "support/support.h"

static const char cali_own_izhikevich[] =
    "neuron: own-izhikevich\n"
    "states: {v: -65 mV, u: -13}\n"
    "parameters: {a: 0.02 1/ms, b: {value: 0.2, unit: 1/mV}, c: -65 mV, d: 8, V_peak: 30 mV, I_e: 0,\n"
    "             k: 0.04 1/(ms mV), s: 1 mV/ms}\n"
    "current: {I: {unit: 1}}\n"
    "equations:\n"
    "  v': (k*v + 5 1/ms)*v + (140 - u + (I_e + I))*s\n"
    "  u': a*(b*v - u)\n"
    "receptors: {input: v += weight}\n"
    "threshold: v >= V_peak\n"
    "reset: v = c; u += d\n"
    "scheme: euler\n"
    "test:\n" /* 0.04 60^2 - 300 + 140 + 12 + 10 = 6; 0.02 (-12 + 12) = 0 */
    "  at: {v: -60 mV, u: -12, I: 10}\n"
    "  gives: {v': 6 mV/ms, u': 0 1/ms}\n";

static const char cali_own_lif[] =
    "neuron: own-lif\n"
    "states: {V: -65 mV, I_exc: 0 pA, I_inh: 0 pA}\n"
    "parameters: {C_m: 200 pF, tau_m: 20 ms, tau_exc: 2 ms, tau_inh: 8 ms, E_L: -65 mV, V_th: -50 mV, V_reset: -65 mV,\n"
    "             t_ref: 2 ms, I_e: 80 pA}\n"
    "current: {I: {unit: pA}}\n"
    "equations:\n"
    "  V': (E_L - V)/tau_m + (I_exc + I_inh + I_e + I)/C_m\n"
    "  I_exc': -I_exc/tau_exc\n"
    "  I_inh': -I_inh/tau_inh\n"
    "receptors: {excitatory: I_exc += weight, inhibitory: I_inh += weight}\n"
    "threshold: V >= V_th\n"
    "reset: V = V_reset\n"
    "refractory: {time: t_ref, hold: V}\n"
    "scheme: exact\n"
    "test: {at: {V: -60 mV, I_exc: 40 pA, I_inh: -20 pA}, gives: {V': 0.25, I_exc': -20, I_inh': 2.5}}\n";

static const char cali_own_lif_cond[] =
    "neuron: own-lif-cond\n"
    "states: {V: -60 mV, g_exc: 0 nS, g_inh: 0 nS}\n"
    "parameters: {C_m: 200 pF, g_L: 10 nS, tau_exc: 5 ms, tau_inh: 10 ms, E_L: -60 mV, E_exc: 0 mV, E_inh: -80 mV,\n"
    "             V_th: -50 mV, V_reset: -60 mV, t_ref: 5 ms, I_e: 20 pA}\n"
    "current: {I: {unit: pA}}\n"
    "equations:\n"
    "  V': (g_L*(E_L - V) + g_exc*(E_exc - V) + g_inh*(E_inh - V) + I_e + I)/C_m\n"
    "  g_exc': -g_exc/tau_exc\n"
    "  g_inh': -g_inh/tau_inh\n"
    "receptors: {excitatory: g_exc += weight, inhibitory: g_inh += weight}\n"
    "threshold: V >= V_th\n"
    "reset: V = V_reset\n"
    "refractory: {time: t_ref, hold: V}\n"
    "test: {at: {V: -55 mV, g_exc: 2 nS, g_inh: 4 nS}, gives: {V': -0.1, g_exc': -0.4, g_inh': -0.4}}\n";

/* Spikes are upward crossings of 1: there is no reset. */
static const char cali_own_hindmarsh_rose[] =
    "neuron: own-hindmarsh-rose\n"
    "states: {x: -1.6, y: -11.8, z: 2}\n"
    "parameters: {a: 1, b: 3, c: 1, d: 5, r: 0.006, s: 4, x_0: -1.6, ms: {value: 1 ms, meaning: unit of time}}\n"
    "current: {I: {unit: 1}}\n"
    "equations:\n"
    "  x': (y - a*x^3 + b*x^2 - z + I)/ms\n"
    "  y': (c - d*x^2 - y)/ms\n"
    "  z': r*(s*(x - x_0) - z)/ms\n"
    "receptors: {input: x += weight}\n"
    "threshold: x >= 1\n"
    "test: {at: {x: 0.5, y: 1, z: 2, I: 3}, gives: {x': 2.625, y': -1.25, z': 0.0384}}\n";

/* Traub and Miles; alpha and beta of m and n by exprel, which has no gap where they are 0 / 0. */
static const char cali_own_hh[] =
    "neuron: own-hh\n"
    "states: {V: -65 mV, m: 0.05, h: 0.6, n: 0.3}\n"
    "parameters: {C: 200 pF, g_L: 10 nS, g_Na: 20000 nS, g_K: 6000 nS, E_L: -60 mV, E_Na: 50 mV, E_K: -90 mV, V_T: -63 mV,\n"
    "             q: 1 1/ms}\n"
    "current: {I: {unit: pA}}\n"
    "let:\n"
    "  x: (V - V_T)/(1 mV)\n"
    "  a_m: q*0.32*4/exprel((13 - x)/4)\n"
    "  b_m: q*0.28*5/exprel((x - 40)/5)\n"
    "  a_h: q*0.128*exp((17 - x)/18)\n"
    "  b_h: q*4*sigmoid((x - 40)/5)\n"
    "  a_n: q*0.032*5/exprel((15 - x)/5)\n"
    "  b_n: q*0.5*exp((10 - x)/40)\n"
    "equations:\n"
    "  V': (g_L*(E_L - V) + g_Na*m^3*h*(E_Na - V) + g_K*n^4*(E_K - V) + I)/C\n"
    "  m': a_m*(1 - m) - b_m*m\n"
    "  h': a_h*(1 - h) - b_h*h\n"
    "  n': a_n*(1 - n) - b_n*n\n"
    "threshold: V >= 0 mV\n"
    "sub_steps: 2\n" /* the truth below: double precision and libm, the limit 1 where x is 13 */
    "test: {at: {V: -50 mV, m: 0.5, h: 0.5, n: 0.5}, gives: {V': 549.5, m': -3.157150135940227, h': 0.0709337812942253, n': -0.16687203856710664}}\n";

/** A neuron from its text; compiled where a compiler exists, unless `is_interpreted`. */
static inline cal_neuron *cali_test_neuron(cal_context *ctx, const char *text, bool is_interpreted)
{
    cal_neuron *neuron = NULL;
    setenv("XDG_CACHE_HOME", CALLOSUM_BUILD_DIR "/tests/cache", 1); /* all tests share what is compiled */
    if (is_interpreted)
        setenv("CALLOSUM_CC", "none", 1);
    else
        unsetenv("CALLOSUM_CC");
    const cal_status status = cali_own_neuron_load_text(ctx, "neuron.yaml", text, strlen(text), false, &neuron);
    if (status != CAL_OK)
        fprintf(stderr, "%s\n", cal_context_message(ctx));
    assert(status == CAL_OK);
    return neuron;
}

/* ---- behind the built-in neurons of the conformance tests -------------------------------------------------------- */

static const struct {
    const char *text;
    bool is_interpreted;
} cali_own_entries[] = {{cali_own_izhikevich, false}, {cali_own_lif_cond, false}, {cali_own_lif_cond, true}};
enum { CALI_N_OWN_ENTRIES = sizeof cali_own_entries / sizeof *cali_own_entries };

static cal_neuron *cali_own_loaded[CALI_N_OWN_ENTRIES][CALI_N_ISA];

/** Own neuron `entry` for the instruction set that is set. */
static inline const cal_neuron *cali_test_own_entry(size_t entry)
{
    static cal_context *ctx;
    cal_neuron **const neuron = &cali_own_loaded[entry][cali_isa()];
    if (ctx == NULL)
        ctx = cali_test_context(1);
    if (*neuron == NULL)
        *neuron = cali_test_neuron(ctx, cali_own_entries[entry].text, cali_own_entries[entry].is_interpreted);
    return *neuron;
}

static inline size_t cali_test_n_neurons(void)
{
    return cal_snn_n_neurons() + CALI_N_OWN_ENTRIES;
}

static inline const cal_neuron *cali_test_neuron_at(size_t index)
{
    const size_t n = cal_snn_n_neurons();
    return index < n ? cal_snn_neuron_at(index) : cali_test_own_entry(index - n);
}

/** Networks that are created from now on take an instruction set; an own neuron is loaded again for it. */
static inline const cal_neuron *cali_test_on_isa(const char *isa, const cal_neuron *neuron)
{
    setenv("CALLOSUM_ISA", isa, 1);
    for (size_t i = 0; i < CALI_N_OWN_ENTRIES * CALI_N_ISA; i++)
        if (cali_own_loaded[i / CALI_N_ISA][i % CALI_N_ISA] == neuron)
            return cali_test_own_entry(i / CALI_N_ISA);
    return neuron;
}

#endif
