/* One loop per synapse kernel: works off one row of plastic synapses. Per synapse, in the order of time: spikes of
 * the target that have reached it since the row was worked off last, then the spike of the source, which delivers.
 * Each trace is computed from the spike that it follows, never from an intermediate time, so the bits do not
 * depend on how often a row is worked off. */
#include <math.h>

#include "snn/kernels/stdp.h"
#include "snn/kernels/stdp_power.h"
#include "snn/kernels/triplet.h"
#include "snn/kernels/tsodyks_markram.h"
#include "snn/kernels/vogels.h"
#include "snn/synapse.h"

typedef void post_kernel(const double *k, const double *pre, const double *post, double *x);
typedef void pre_kernel(const double *k, const double *pre, const double *post, double since_ms, double *x);
typedef double gain_kernel(const double *x);

static inline const cali_past_spike *spike_at(const cali_row *r, uint32_t place, uint64_t i)
{
    return &r->spikes[(size_t)place * r->ring_size + (i & (r->ring_size - 1))];
}

/* Spikes of the target that reach the synapse after `done` and not after `now`. */
CAL_HD void work_off(const cali_row *r, uint32_t place, int64_t delay, int n_pre, const double *k, double *x,
                     post_kernel *on_post)
{
    const uint64_t n = r->past[place].n, oldest = n > r->ring_size ? n - r->ring_size : 0;
    uint64_t i = n;
    while (i > oldest && spike_at(r, place, i - 1)->stamp + delay > r->done)
        i--;
    for (; i < n; i++) {
        const cali_past_spike *spike = spike_at(r, place, i);
        const int64_t at = spike->stamp + delay;
        if (at > r->now)
            break;
        double pre[CALI_MAX_TRACES];
        for (int t = 0; t < n_pre; t++)
            pre[t] = r->pre[t] * cali_decay_at(&r->pre_decay[t], at - r->last);
        on_post(k, pre, spike->before, x);
    }
}

/* Traces of the target as the synapse sees them now; spikes that reach it now do not count yet. */
CAL_HD void target_traces(const cali_row *r, uint32_t place, int64_t delay, int n_post, double *post)
{
    const cali_past *past = &r->past[place];
    const double *after = past->after;
    double older[CALI_MAX_TRACES] = {0};
    int64_t stamp = past->newest;
    if (stamp + delay >= r->now) {
        const uint64_t oldest = past->n > r->ring_size ? past->n - r->ring_size : 0;
        uint64_t i = past->n;
        while (i > oldest && spike_at(r, place, i - 1)->stamp + delay >= r->now)
            i--;
        const cali_past_spike *spike = i > oldest ? spike_at(r, place, i - 1) : NULL;
        for (int t = 0; t < n_post && spike != NULL; t++)
            older[t] = r->is_nearest[t] ? 1.0 : spike->before[t] + 1.0;
        stamp = spike != NULL ? spike->stamp : r->now - delay;
        after = older;
    }
    for (int t = 0; t < n_post; t++)
        post[t] = after[t] * cali_decay_at(&r->post_decay[t], r->now - delay - stamp);
}

static inline void deliver(const cali_row *r, uint32_t place, uint32_t delay, double weight)
{
    const int32_t quanta = (int32_t)(weight * r->scale + 0.5) * r->sign;
    r->input[(((uint32_t)r->now + delay) & r->slot_mask) * r->stride + place] += quanta;
}

/* All synapses of the row have the same states: they change once. */
CAL_HD void run_shared(const cali_row *r, int n_states, double since_ms, pre_kernel *on_pre, gain_kernel *gain)
{
    const uint32_t mask = ((uint32_t)1 << r->place_bits) - 1;
    double x[CALI_MAX_SYNAPSE_STATES] = {0};
    if (!r->has_spike)
        return;
    for (int s = 1; s < n_states; s++)
        x[s] = r->shared[s - 1];
    on_pre(r->constant, NULL, NULL, since_ms, x);
    for (int s = 1; s < n_states; s++)
        r->shared[s - 1] = x[s];
    const double factor = gain(x);
    for (size_t j = 0; j < r->n; j++) {
        const double weight = r->state[0] != NULL ? r->state[0][j] : r->one_weight;
        deliver(r, r->word[j] & mask, r->word[j] >> r->place_bits, weight * factor);
    }
}

CAL_HD void run_row(const cali_row *r, bool has_own, int n_states, int n_constants, int n_pre, int n_post,
                    bool is_pre_only, double since_ms, post_kernel *on_post, pre_kernel *on_pre, gain_kernel *gain)
{
    const uint32_t mask = ((uint32_t)1 << r->place_bits) - 1;
    double own[CALI_MAX_SYNAPSE_CONSTANTS], pre[CALI_MAX_TRACES], post[CALI_MAX_TRACES];
    const double *k = r->constant;
    for (int t = 0; t < n_pre; t++)
        pre[t] = r->pre[t] * cali_decay_at(&r->pre_decay[t], r->now - r->last);
    for (size_t j = 0; j < r->n; j++) {
        const uint32_t place = r->word[j] & mask, delay = r->word[j] >> r->place_bits;
        double x[CALI_MAX_SYNAPSE_STATES];
        x[0] = r->state[0] != NULL ? r->state[0][j] : r->one_weight;
        for (int s = 1; s < n_states; s++)
            x[s] = r->state[s][j];
        if (has_own) {
            for (int c = 0; c < n_constants; c++)
                own[c] = r->own[c] != NULL ? r->own[c][j] : r->constant[c];
            k = own;
        }
        if (!is_pre_only && r->past[place].newest + (int64_t)delay > r->done)
            work_off(r, place, delay, n_pre, k, x, on_post);
        if (r->has_spike) {
            if (n_post > 0)
                target_traces(r, place, delay, n_post, post);
            on_pre(k, pre, post, since_ms, x);
            deliver(r, place, delay, x[0] * gain(x));
        }
        if (r->state[0] != NULL)
            r->state[0][j] = x[0];
        for (int s = 1; s < n_states; s++)
            r->state[s][j] = x[s];
    }
}

#define CALI_SYNAPSE_KERNEL(name, NAME)                                                            \
    CAL_HD void name##_post(const double *k, const double *pre, const double *post, double *x)     \
    {                                                                                              \
        cali_##name##_post((const cali_##name##_constants *)(const void *)k, pre, post,            \
                           (cali_##name##_state *)(void *)x);                                      \
    }                                                                                              \
    CAL_HD void name##_pre(const double *k, const double *pre, const double *post,                 \
                           double since_ms, double *x)                                             \
    {                                                                                              \
        cali_##name##_pre((const cali_##name##_constants *)(const void *)k, pre, post, since_ms,   \
                          (cali_##name##_state *)(void *)x);                                       \
    }                                                                                              \
    CAL_HD double name##_gain(const double *x)                                                     \
    {                                                                                              \
        return cali_##name##_gain((const cali_##name##_state *)(const void *)x);                   \
    }                                                                                              \
    void CALI_ISA_NAME(cali_##name##_row)(const cali_row *r);                                      \
    void CALI_ISA_NAME(cali_##name##_row)(const cali_row *r)                                       \
    {                                                                                              \
        enum {                                                                                     \
            N_STATES = sizeof(cali_##name##_state) / sizeof(double),                               \
            N_CONSTANTS = sizeof(cali_##name##_constants) / sizeof(double)                         \
        };                                                                                         \
        const double since_ms = r->last == CALI_NEVER ? INFINITY : (double)(r->now - r->last) * r->dt_ms;    \
        if (r->shared != NULL)                                                                     \
            run_shared(r, N_STATES, since_ms, name##_pre, name##_gain);                            \
        else if (r->has_own)                                                                       \
            run_row(r, true, N_STATES, N_CONSTANTS, CALI_##NAME##_PRE, CALI_##NAME##_POST,         \
                    CALI_##NAME##_IS_PRE_ONLY, since_ms, name##_post, name##_pre, name##_gain);    \
        else                                                                                       \
            run_row(r, false, N_STATES, N_CONSTANTS, CALI_##NAME##_PRE, CALI_##NAME##_POST,        \
                    CALI_##NAME##_IS_PRE_ONLY, since_ms, name##_post, name##_pre, name##_gain);    \
    }
#include "snn/synapses.def"
