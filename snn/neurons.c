/* The list of neurons, and the small mathematics that their constants share. */
#include "snn/neuron.h"

#include <string.h>

#include "base/numeric.h"

#define CALI_NEURON(name, NAME) extern const cali_neuron cali_neuron_##name;
#include "snn/neurons.def"
#undef CALI_NEURON

static const cali_neuron *const neurons[] = {
#define CALI_NEURON(name, NAME) &cali_neuron_##name,
#include "snn/neurons.def"
#undef CALI_NEURON
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
    return NULL;
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

double cali_propagator(double h_ms, double tau_m_ms, double tau_s_ms, double c_pF)
{
    return h_ms / c_pF * cali_exp(-h_ms / tau_m_ms) * cali_phi(h_ms / tau_m_ms - h_ms / tau_s_ms);
}

double cali_steps(double duration_ms, double dt_ms)
{
    return (double)(int64_t)(duration_ms / dt_ms + 0.5);
}
