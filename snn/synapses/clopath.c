#include "snn/kernels/clopath.h"

#include <math.h>

#include "snn/synapse.h"

enum {
    TAU_X, TAU_PLUS, TAU_MINUS, TAU_MEAN, A_LTP, A_LTD, THETA_PLUS, THETA_MINUS, U_REST, U_REF, U_SPIKE, T_SPIKE, DELAY_U,
    W_MAX
};

/* Defaults: the visual cortex, table 1 of the source; delay, spike and mean as in the authors' program and NEST. */
static const cal_field params[] = {
    [TAU_X] = {"tau_x", "ms", 15.0, 1e-3, 1e9, "decay of the source's trace"},
    [TAU_PLUS] = {"tau_plus", "ms", 7.0, 1e-3, 1e9, "low pass of the voltage for potentiation"},
    [TAU_MINUS] = {"tau_minus", "ms", 10.0, 1e-3, 1e9, "low pass of the voltage for depression"},
    [TAU_MEAN] = {"tau_mean", "ms", 500.0, 1e-3, 1e9, "low pass of the voltage for homeostasis"},
    [A_LTP] = {"A_LTP", "1/mV^2", 8e-5, 0.0, 1e6, "potentiation, as a share of w_max"},
    [A_LTD] = {"A_LTD", "1/mV", 14e-5, 0.0, 1e6, "depression at a spike of the source, as a share of w_max"},
    [THETA_PLUS] = {"theta_plus", "mV", -45.3, -1e4, 1e4, "voltage above which there is potentiation"},
    [THETA_MINUS] = {"theta_minus", "mV", -70.6, -1e4, 1e4, "low-passed voltage above which weights change"},
    [U_REST] = {"u_rest", "mV", -70.6, -1e4, 1e4, "voltage from which the mean is counted"},
    [U_REF] = {"u_ref", "mV", 0.0, 0.0, 1e4, "mean at which depression is A_LTD; 0: it always is"},
    [U_SPIKE] = {"u_spike", "mV", 33.0, -1e4, 1e4, "voltage that a spike of the target shows"},
    [T_SPIKE] = {"t_spike", "ms", 2.0, 0.0, 100.0, "how long it shows it; 0 for neurons whose voltage spikes"},
    [DELAY_U] = {"delay_u", "ms", 5.0, 0.0, 100.0, "age of the low-passed voltages that the rule takes"},
    [W_MAX] = {"w_max", "weight", NAN, 0.0, 1e300, "largest modulus of a weight"},
};

static void prepare(const double *p, double dt_ms, double *constants)
{
    *(cali_clopath_constants *)(void *)constants = (cali_clopath_constants){
        .up = p[A_LTP] * p[W_MAX] * dt_ms / p[TAU_X],
        .down = p[A_LTD] * p[W_MAX],
        .max = p[W_MAX],
    };
}

static cali_low_pass low_pass(double dt_ms, double tau_ms)
{
    const double a = dt_ms / tau_ms, loss = -cali_expm1(-a), now = 1.0 - loss / a;
    return (cali_low_pass){.keep = 1.0 - loss, .before = loss - now, .now = now};
}

static int32_t steps(double duration_ms, double dt_ms)
{
    return (int32_t)(duration_ms / dt_ms * (1.0 + 1e-12) + 0.5);
}

static void prepare_voltage(const double *p, double dt_ms, cali_voltage_rule *k)
{
    *k = (cali_voltage_rule){
        .plus = low_pass(dt_ms, p[TAU_PLUS]),
        .minus = low_pass(dt_ms, p[TAU_MINUS]),
        .mean = low_pass(dt_ms, p[TAU_MEAN]),
        .theta_plus = p[THETA_PLUS],
        .theta_minus = p[THETA_MINUS],
        .u_rest = p[U_REST],
        .u_spike = p[U_SPIKE],
        .per_u_ref_2 = p[U_REF] > 0.0 ? 1.0 / (p[U_REF] * p[U_REF]) : 0.0,
        .spike_steps = steps(p[T_SPIKE], dt_ms),
        .delay = (uint32_t)steps(p[DELAY_U], dt_ms),
    };
}

CALI_DECLARE_ROW_LOOPS(clopath);

const cali_synapse cali_synapse_clopath = {
    .face = {.name = "clopath",
             .alias = "clopath_synapse",
             .title = "voltage rule",
             .equations = "w' = w_max A_LTP K+ / tau_x (u - theta_plus)+ (u_plus(t - delay_u) - theta_minus)+; spike of the "
                          "source: w -= w_max A_LTD m (u_minus(t - delay_u) - theta_minus)+; K+' = -K+ / tau_x, K+ += 1 at "
                          "each spike of the source; u: voltage of the target, u_spike for t_spike after a spike; u_plus' = "
                          "(u - u_plus) / tau_plus; u_minus' = (u - u_minus) / tau_minus; m = mean^2 / u_ref^2, or 1 if "
                          "u_ref = 0; mean' = (u_minus - u_rest - mean) / tau_mean",
             .source = "Clopath, Buesing, Vasilaki & Gerstner (2010), Nat. Neurosci. 13, 344-352",
             CALI_SYNAPSE_PARAMS,
             .sees_voltage = true},
    .pre = {{TAU_X, false}},
    .post = {{TAU_MINUS, false}},
    .n_pre = CALI_CLOPATH_PRE,
    .n_post = CALI_CLOPATH_POST,
    .common = {TAU_PLUS, TAU_MEAN, THETA_PLUS, THETA_MINUS, U_REST, U_REF, U_SPIKE, T_SPIKE, DELAY_U},
    .n_common = 9,
    .limit = W_MAX,
    .n_constants = CALI_N_DOUBLES(cali_clopath_constants),
    .prepare = prepare,
    .prepare_voltage = prepare_voltage,
    .loop = CALI_ROW_LOOPS(clopath),
};
