/* A neuron inside the engine: the public entry, and how its constants are made and its loops called. */
#ifndef CALI_SNN_NEURON_H
#define CALI_SNN_NEURON_H

#include "base/isa.h"
#include "callosum/snn.h"

/* Neurons per call of a loop; buffers of one block stay in the first-level cache. */
enum { CALI_BLOCK = 512, CALI_MAX_STATES = 24, CALI_MAX_CONSTANTS = 48, CALI_MAX_RECEPTORS = 8, CALI_MAX_RANDOMS = 2 };

typedef struct cali_neuron cali_neuron;

/** Up to CALI_BLOCK neurons of one population: one pointer per row of the kernel. */
typedef struct cali_block {
    size_t n; /* a multiple of 16: the rows have room */
    float *state[CALI_MAX_STATES];
    const float *constant[CALI_MAX_CONSTANTS]; /* n values each, equal ones for a shared constant */
    const float *input[CALI_MAX_RECEPTORS + CALI_MAX_RANDOMS]; /* what arrives at the end of the step; random numbers */
    /* Instead of `input`, of a uniform block without `currents`: sums in quanta, which the loop clears. */
    bool takes_sums;
    int32_t *sums[CALI_MAX_RECEPTORS];
    float quantum[CALI_MAX_RECEPTORS];
    float current;
    const float *currents; /* NULL: `current` for all neurons */
    bool is_uniform;  /* the first value of each constant holds for all */
    int32_t *spiked;  /* gets 1 or 0 */
    const cali_neuron *neuron;
} cali_block;

typedef void cali_loop(const cali_block *block);

struct cali_neuron {
    cal_neuron face;
    size_t n_constants;
    /** Random numbers of each neuron and step, rows of its inputs behind the receptors: first those in (0, 1], then
     *  standard normal ones; together at most CALI_MAX_RANDOMS. */
    unsigned n_uniforms, n_normals;
    /** Parameter that states[0] is stored relative to and starts from, or -1. */
    int rest_param;
    /** Time at least between two spikes, increasing in each parameter that it uses: gives the size of
     *  the spike buffers. NULL: one step. */
    double (*min_interval_ms)(const double *params);
    /** The constants of one neuron, in the order of its kernel. */
    void (*prepare)(const double *params, double dt_ms, float *constants);
    /** NULL, or whether a neuron with these parameters and constant current can be stepped with dt; if
     *  not, `why` gets the reason. */
    bool (*check)(const double *params, double dt_ms, double current, char *why, size_t size);
    cali_loop *loop[CALI_N_ISA];
    /** Own neurons (snn/text/): what they are, the SHA-256 of their text, and prepare and check for them. */
    const struct cali_own_neuron *own;
    const char *digest; /**< NULL: built in */
    void (*prepare_of)(const cali_neuron *self, const double *params, double dt_ms, float *constants);
    bool (*check_of)(const cali_neuron *self, const double *params, double dt_ms, char *why, size_t size);
};

/** The entry behind a public pointer, or NULL if it is none of ours. */
const cali_neuron *cali_neuron_of(const cal_neuron *face);

/** (e^x - 1) / x, also near 0. */
double cali_phi(double x);
/** 1 - e^-x, also near 0. */
double cali_loss(double x);
/** Voltage step per unit of an exponential current with time constant tau_s: the propagator
 *  h / C e^(-h / tau_m) phi(h / tau_m - h / tau_s), which is finite for tau_s = tau_m. */
double cali_propagator(double h_ms, double tau_m_ms, double tau_s_ms, double c_pF);
/** Voltage step per unit of d in the alpha current I' = d - I / tau_s, d' = -d / tau_s: the propagator
 *  1 / C times the integral of e^(-(h - t) / tau_m) t e^(-t / tau_s) over t from 0 to h. */
double cali_alpha_propagator(double h_ms, double tau_m_ms, double tau_s_ms, double c_pF);
/** The jump of r that makes g peak with 1, where g' = r - g / tau_decay, r' = -r / tau_rise. Over h, r adds
 *  cali_propagator(h, tau_decay, tau_rise, 1) r to g. */
double cali_peak_jump(double tau_rise_ms, double tau_decay_ms);
/** Whether a neuron that rests at V_reset after a spike is below its threshold there; if not, it would
 *  spike at every step, and `why` says so. */
bool cali_check_reset(double v_reset_mV, double v_th_mV, char *why, size_t size);
/** Whole steps in a duration, rounded. */
double cali_steps(double duration_ms, double dt_ms);

#define CALI_COUNT(array) (sizeof(array) / sizeof(array)[0])
/* The members of a public entry that have the same names in every file of snn/neurons/. */
#define CALI_NEURON_TABLES                                                                         \
    .params = params, .n_params = N_PARAMS, .states = states, .n_states = CALI_COUNT(states),       \
    .receptors = receptors, .n_receptors = CALI_COUNT(receptors)
#define CALI_N_FLOATS(type) (sizeof(type) / sizeof(float))
/* The parts of an entry that follow from its kernel and tables. */
#define CALI_LOOPS_X86(name) {cali_##name##_loop_base, cali_##name##_loop_v3, cali_##name##_loop_v4}
#define CALI_LOOPS_ANY(name) {cali_##name##_loop_base, cali_##name##_loop_base, cali_##name##_loop_base}
#if defined(__x86_64__)
#define CALI_LOOPS(name) CALI_LOOPS_X86(name)
#define CALI_DECLARE_LOOPS(name)                                                                   \
    cali_loop cali_##name##_loop_base, cali_##name##_loop_v3, cali_##name##_loop_v4
#else
#define CALI_LOOPS(name) CALI_LOOPS_ANY(name)
#define CALI_DECLARE_LOOPS(name) cali_loop cali_##name##_loop_base
#endif

#endif
