#include "snn/kernels/parrot.h"

#include <math.h>

#include "snn/neuron.h"

enum { THRESHOLD, N_PARAMS };

static const cal_field params[] = {
    [THRESHOLD] = {"threshold", "1", 0.5, 1e-6, 1e9, "sum of the weights in a step that makes a spike"},
};

static const cal_field states[] = {
    {"heard", "1", 0.0, -INFINITY, INFINITY, "sum of the weights that arrived in the last step"},
};

static const cal_receptor receptors[] = {
    {"spikes", "1", "a spike of weight 1 is repeated when it arrives; several in one step as one", false},
};

static void prepare(const double *p, double dt_ms, float *constants)
{
    (void)dt_ms;
    *(cali_parrot_constants *)(void *)constants = (cali_parrot_constants){.threshold = (float)p[THRESHOLD]};
}

CALI_DECLARE_LOOPS(parrot);

const cali_neuron cali_neuron_parrot = {
    .face = {.name = "parrot",
             .alias = "parrot_neuron",
             .title = "repeats the spikes that arrive",
             .equations = "sum of arriving weights + I >= threshold: spike, with the stamp of the arrival",
             .source = "relay of a spike train, as NEST's parrot_neuron",
             CALI_NEURON_TABLES,
             .current_unit = "1"},
    .n_constants = CALI_N_FLOATS(cali_parrot_constants),
    .rest_param = -1,
    .prepare = prepare,
    .loop = CALI_LOOPS(parrot),
};
