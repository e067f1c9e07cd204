#include "snn/neurons/expif.h"

#include <stdio.h>

double cali_expif_min_interval_ms(const double *p)
{
    return p[CALI_EXPIF_T_REF];
}

bool cali_expif_check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    (void)dt_ms;
    (void)current;
    const double v_peak = p[CALI_EXPIF_V_PEAK], v_reset = p[CALI_EXPIF_V_RESET], v_t = p[CALI_EXPIF_V_T];
    if (v_peak > v_reset && v_peak > v_t)
        return true;
    snprintf(why, size, "V_peak %g mV must be above V_reset %g mV and V_T %g mV", v_peak, v_reset, v_t);
    return false;
}

float cali_expif_loss(double tau_ms, double dt_ms)
{
    return (float)cali_loss(0.125 * dt_ms / tau_ms);
}

cali_expif_constants cali_expif_prepare(const double *p, bool adapts, double i_e_pA, double dt_ms)
{
    const double h = 0.25 * dt_ms, leak = p[CALI_EXPIF_G_L] / p[CALI_EXPIF_C_M];
    const double v_t = p[CALI_EXPIF_V_T], delta = p[CALI_EXPIF_DELTA_T], e_l = p[CALI_EXPIF_E_L];
    const double top = (p[CALI_EXPIF_V_PEAK] - v_t) / delta; /* x at the peak */
    const double x_reset = (p[CALI_EXPIF_V_RESET] - v_t) / delta;
    double x_switch = cali_log(0.4 / (leak * h));            /* e^x g_L / C h = 0.4 */
    x_switch = x_switch < top - 1.5 ? x_switch : top - 1.5;
    return (cali_expif_constants){
        .h = (float)h,
        .per_c = (float)(1.0 / p[CALI_EXPIF_C_M]),
        .leak_c = (float)leak,
        .exp_c = (float)(leak * delta),
        .u_t = (float)(v_t - e_l),
        .delta = (float)delta,
        .per_delta = (float)(1.0 / delta),
        .drive = (float)(i_e_pA / p[CALI_EXPIF_C_M]),
        .u_switch = (float)(v_t + x_switch * delta - e_l),
        .z_peak = (float)cali_exp(-(top < 80.0 ? top : 80.0)),
        .reset = (float)(p[CALI_EXPIF_V_RESET] - e_l),
        .exp_reset = (float)cali_exp(x_reset < 20.0 ? x_reset : 20.0),
        .refractory = (float)cali_steps(p[CALI_EXPIF_T_REF], dt_ms),
        .a_w = adapts ? (float)(p[CALI_EXPIF_A] / p[CALI_EXPIF_TAU_W]) : 0.0f,
        .per_w = adapts ? (float)(1.0 / p[CALI_EXPIF_TAU_W]) : 0.0f,
        .b = adapts ? (float)p[CALI_EXPIF_B] : 0.0f,
    };
}
