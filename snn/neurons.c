/* The list of neurons, and the small mathematics that their constants share. */
#include "snn/neuron.h"

#include <stdio.h>
#include <string.h>

#include "base/numeric.h"

#define CALI_NEURON(name, NAME) extern const cali_neuron cali_neuron_##name;
#define CALI_VARIANT(name) CALI_NEURON(name, )
#include "snn/neurons.def"
#undef CALI_NEURON

static const cali_neuron *const neurons[] = {
#define CALI_NEURON(name, NAME) &cali_neuron_##name,
#include "snn/neurons.def"
#undef CALI_NEURON
#undef CALI_VARIANT
};

size_t cal_snn_n_neurons(void)
{
    return CALI_COUNT(neurons);
}

const cal_neuron *cal_snn_neuron_at(size_t index)
{
    return index < CALI_COUNT(neurons) ? &neurons[index]->face : NULL;
}

const cal_neuron *cal_snn_neuron_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < CALI_COUNT(neurons); i++) {
        const cal_neuron *face = &neurons[i]->face;
        if (strcmp(face->name, name) == 0 || (face->alias != NULL && strcmp(face->alias, name) == 0))
            return face;
    }
    return NULL;
}

const cali_neuron *cali_neuron_of(const cal_neuron *face)
{
    for (size_t i = 0; i < CALI_COUNT(neurons); i++)
        if (face == &neurons[i]->face)
            return neurons[i];
    return face != NULL ? face->self : NULL; /* an own neuron: snn/text/ */
}

double cali_phi(double x)
{
    if (x > 0.5 || x < -0.5)
        return (cali_exp(x) - 1.0) / x;
    double p = 1.0; /* 1 + x/2 (1 + x/3 (1 + ...)); 0.5^16 / 17! is far below a rounding */
    for (int n = 17; n >= 2; n--)
        p = 1.0 + x / n * p;
    return p;
}

double cali_loss(double x)
{
    return x * cali_phi(-x);
}

double cali_propagator(double h_ms, double tau_m_ms, double tau_s_ms, double c_pF)
{
    const double x = h_ms / tau_m_ms - h_ms / tau_s_ms; /* e^-a phi(a - b) = e^-b phi(b - a) */
    const double slower = x < 0.0 ? tau_m_ms : tau_s_ms;
    return h_ms / c_pF * cali_exp(-h_ms / slower) * cali_phi(x < 0.0 ? x : -x);
}

/* The integral of r e^(x r) over r from 0 to 1, for x <= 0. */
static double first_moment(double x)
{
    if (x < -0.5)
        return (cali_exp(x) * (x - 1.0) + 1.0) / (x * x);
    double sum = 0.0, term = 1.0; /* x^n / n! / (n + 2) */
    for (int n = 0; n < 17; n++) {
        sum += term / (n + 2);
        term *= x / (n + 1);
    }
    return sum;
}

double cali_alpha_propagator(double h_ms, double tau_m_ms, double tau_s_ms, double c_pF)
{
    const double x = h_ms / tau_m_ms - h_ms / tau_s_ms;
    const double moment = x < 0.0 ? cali_exp(-h_ms / tau_m_ms) * first_moment(x)
                                  : cali_exp(-h_ms / tau_s_ms) * (cali_phi(-x) - first_moment(-x));
    return h_ms * h_ms / c_pF * moment;
}

double cali_peak_jump(double tau_rise_ms, double tau_decay_ms)
{
    const double d = tau_decay_ms / tau_rise_ms - 1.0;
    const double log_ratio = d < 1e-3 && d > -1e-3 ? 1.0 - d * (0.5 - d / 3.0) : cali_log(1.0 + d) / d;
    return 1.0 / cali_propagator(tau_decay_ms * log_ratio, tau_decay_ms, tau_rise_ms, 1.0);
}

bool cali_check_reset(double v_reset_mV, double v_th_mV, char *why, size_t size)
{
    if (v_reset_mV < v_th_mV)
        return true;
    snprintf(why, size, "V_reset %g mV must be below V_th %g mV", v_reset_mV, v_th_mV);
    return false;
}

double cali_steps(double duration_ms, double dt_ms)
{
    return (double)(int64_t)(duration_ms / dt_ms + 0.5);
}
