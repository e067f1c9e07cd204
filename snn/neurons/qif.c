#include "snn/neurons/qif.h"

#include <math.h>
#include <stdio.h>

#include "snn/neuron.h"

enum { TAU, ETA, V_PEAK, V_RESET, N_PARAMS };

static const cal_field params[] = {
    [TAU] = {"tau", "ms", 10.0, 1e-6, 1e9, "membrane time constant"},
    [ETA] = {"eta", "1", -5.0, -1e12, 1e12, "constant drive"},
    [V_PEAK] = {"v_peak", "1", INFINITY, -1e6, INFINITY, "v at which the neuron spikes"},
    [V_RESET] = {"v_reset", "1", -INFINITY, -INFINITY, 1e6, "v after a spike"},
};

static const cal_field states[] = {
    {"v", "1", -2.0, -INFINITY, INFINITY, "membrane voltage"},
    {"i_syn", "1", 0.0, -INFINITY, INFINITY, "synaptic drive during the coming step"},
};

static const cal_receptor receptors[] = {
    {"input", "1", "a spike adds weight tau / dt to the drive during one step: weight tau s(t)",
     false},
};

/* Beyond this I dt^2 / tau^2 a neuron would spike about every second step. */
static const double largest_z = 1.0;

bool cali_qif_can_follow(double drive, double tau_ms, double dt_ms, char *why, size_t size)
{
    const double h = dt_ms / tau_ms;
    if (drive * h * h <= largest_z)
        return true;
    snprintf(why, size,
             "its drive %g makes it spike every %.3g ms; dt %g ms is too long, at most %.3g ms", drive,
             CALI_PI * tau_ms / sqrt(drive), dt_ms, tau_ms * sqrt(largest_z / drive));
    return false;
}

bool cali_qif_has_order(double v_peak, double v_reset, char *why, size_t size)
{
    if (v_peak > v_reset)
        return true;
    snprintf(why, size, "v_peak %g must be above v_reset %g", v_peak, v_reset);
    return false;
}

/* (p : q : s), any common scale: see kernels/qif.h; the limits of infinite ends */
cali_qif_reset cali_qif_reset_of(double v_peak, double v_reset)
{
    const double far = 1e15; /* from there to infinity v takes tau / v, below any rounding */
    const bool has_peak = v_peak < far, has_reset = v_reset > -far;
    double rp = 0.0, rq = 1.0, rs = 0.0;
    if (has_peak && has_reset) {
        const double product = fabs(v_peak * v_reset), scale = product > 1.0 ? product : 1.0;
        rp = (v_peak - v_reset) / scale;
        rq = -v_peak * v_reset / scale;
        rs = 1.0 / scale;
    } else if (has_peak) {
        rp = 1.0;
        rq = v_peak;
    } else if (has_reset) {
        rp = 1.0;
        rq = -v_reset;
    }
    return (cali_qif_reset){has_peak ? (float)v_peak : INFINITY, (float)rp, (float)rq, (float)rs};
}

static bool check(const double *p, double dt_ms, double current, char *why, size_t size)
{
    return cali_qif_has_order(p[V_PEAK], p[V_RESET], why, size) &&
           cali_qif_can_follow(p[ETA] + current, p[TAU], dt_ms, why, size);
}

static void prepare(const double *p, double dt_ms, float *constants)
{
    const double h = dt_ms / p[TAU];
    const cali_qif_reset reset = cali_qif_reset_of(p[V_PEAK], p[V_RESET]);
    *(cali_qif_constants *)(void *)constants = (cali_qif_constants){
        .eta = (float)p[ETA],
        .h = (float)h,
        .per_h = (float)(1.0 / h),
        .v_peak = reset.v_peak,
        .reset_p = reset.p,
        .reset_q = reset.q,
        .reset_s = reset.s,
        .limit = (float)(2.4 / (h * h)),
    };
}

CALI_DECLARE_LOOPS(qif);

const cali_neuron cali_neuron_qif = {
    .face = {.name = "qif",
             .alias = NULL,
             .title = "quadratic integrate-and-fire, exact flow",
             .equations = "tau v' = v^2 + eta + I + J tau s(t); v >= v_peak: spike, v = v_reset",
             .source = "Montbrio, Pazo & Roxin (2015), Phys. Rev. X 5, 021028",
             CALI_NEURON_TABLES,
             .current_unit = "1"},
    .n_constants = CALI_N_FLOATS(cali_qif_constants),
    .rest_param = -1,
    .prepare = prepare,
    .check = check,
    .loop = CALI_LOOPS(qif),
};
