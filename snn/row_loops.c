/* One loop per synapse kernel: works off one row of plastic synapses. Per synapse, in the order of time: spikes of
 * the target that have reached it since the row was worked off last, then the spike of the source, which delivers.
 * Each trace is computed from the spike that it follows, never from an intermediate time, so the bits do not
 * depend on how often a row is worked off. */
#include <math.h>

#include "snn/kernels/clopath.h"
#include "snn/kernels/scaled.h"
#include "snn/kernels/stdp.h"
#include "snn/kernels/stdp_power.h"
#include "snn/kernels/stdp_reward.h"
#include "snn/kernels/triplet.h"
#include "snn/kernels/tsodyks_markram.h"
#include "snn/kernels/vogels.h"
#include "snn/synapse.h"

typedef void post_kernel(const double *k, const double *pre, const double *post, double *x);
typedef void pre_kernel(const double *k, const double *pre, const double *post, double since_ms, double *x);
typedef double gain_kernel(const double *x);
typedef void drift_kernel(const double *k, const cali_drift *d, double *x);

static inline const cali_past_spike *spike_at(const cali_row *r, uint32_t place, uint64_t i)
{
    return &r->spikes[(size_t)place * r->ring_size + (i & (r->ring_size - 1))];
}

/* ---- what a neuromodulator does between spikes ---- */

/* Where a modulated synapse stands: its last event and the release that comes next. */
typedef struct course {
    int64_t at;
    uint64_t next;
} course;

static inline const cali_release *release_at(const cali_row *r, uint64_t i)
{
    return &r->releases[i & (r->n_slots - 1)];
}

/* The first release that the row has not used yet. */
static inline uint64_t next_release(const cali_row *r)
{
    const uint64_t oldest = r->n_releases > r->n_slots ? r->n_releases - r->n_slots : 0;
    uint64_t i = r->n_releases;
    while (i > oldest && release_at(r, i - 1)->stamp > r->done)
        i--;
    return i;
}

/* The last event is a spike of the source, of the target, or a release: never a time at which the row was worked off. */
static inline course course_of(const cali_row *r, uint64_t next, uint32_t place, int64_t delay)
{
    course c = {r->last, next};
    if (r->done == r->last)
        return c;
    const uint64_t n = r->past[place].n, oldest = n > r->ring_size ? n - r->ring_size : 0;
    for (uint64_t i = n; i > oldest; i--) {
        const int64_t at = spike_at(r, place, i - 1)->stamp + delay;
        if (at <= r->done) {
            c.at = at > c.at ? at : c.at;
            break;
        }
    }
    if (next > 0 && release_at(r, next - 1)->stamp > c.at)
        c.at = release_at(r, next - 1)->stamp;
    return c;
}

static inline cali_drift drift_to(const cali_row *r, const course *c, int64_t to)
{
    if (c->next == 0)
        return cali_drift_over(r->modulator, 0.0, 0, to - c->at);
    const cali_release *last = release_at(r, c->next - 1);
    return cali_drift_over(r->modulator, last->level, c->at - last->stamp, to - c->at);
}

/* Release by release up to `to`, and, if something happens there, on to it. */
CAL_HD void drift(const cali_row *r, course *c, int64_t to, bool is_event, const double *k, double *x, drift_kernel *on)
{
    for (; c->next < r->n_releases && release_at(r, c->next)->stamp <= to; c->next++) {
        const cali_release *release = release_at(r, c->next);
        const bool is_whole = c->next > 0 && release_at(r, c->next - 1)->stamp == c->at;
        const cali_drift d = is_whole ? release->drift : drift_to(r, c, release->stamp);
        on(k, &d, x);
        c->at = release->stamp;
    }
    if (!is_event)
        return;
    const cali_drift d = drift_to(r, c, to);
    on(k, &d, x);
    c->at = to;
}

/* Spikes of the target that reach the synapse after `done` and not after `now`. */
CAL_HD void work_off(const cali_row *r, uint32_t place, int64_t delay, int n_pre, const double *k, double *x,
                     post_kernel *on_post, drift_kernel *on_drift, course *c)
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
        if (on_drift != NULL)
            drift(r, c, at, true, k, x, on_drift);
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
                    bool is_pre_only, double since_ms, post_kernel *on_post, pre_kernel *on_pre, gain_kernel *gain,
                    drift_kernel *on_drift, bool sees_voltage)
{
    const uint32_t mask = ((uint32_t)1 << r->place_bits) - 1;
    double own[CALI_MAX_SYNAPSE_CONSTANTS], pre[CALI_MAX_TRACES], post[CALI_MAX_TRACES];
    const double *k = r->constant;
    for (int t = 0; t < n_pre; t++)
        pre[t] = r->pre[t] * cali_decay_at(&r->pre_decay[t], r->now - r->last);
    const uint64_t next = on_drift != NULL ? next_release(r) : 0;
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
        course c = {0};
        if (on_drift != NULL)
            c = course_of(r, next, place, delay);
        if (!is_pre_only && r->past[place].newest + (int64_t)delay > r->done)
            work_off(r, place, delay, n_pre, k, x, on_post, on_drift, &c);
        if (on_drift != NULL)
            drift(r, &c, r->now, r->has_spike || r->is_read, k, x, on_drift);
        if (r->has_spike) {
            if (sees_voltage)
                post[0] = r->depression[((uint64_t)(r->now - (int64_t)delay) & r->depression_mask) * r->width + place];
            else if (n_post > 0)
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

#define CALI_SYNAPSE_KERNEL(name, NAME) CALI_ROW_LOOP(name, NAME, NULL, false)
#define CALI_VOLTAGE_KERNEL(name, NAME) CALI_ROW_LOOP(name, NAME, NULL, true)
#define CALI_MODULATED_KERNEL(name, NAME)                                                          \
    CAL_HD void name##_drift(const double *k, const cali_drift *d, double *x)                      \
    {                                                                                              \
        cali_##name##_drift((const cali_##name##_constants *)(const void *)k, d,                   \
                            (cali_##name##_state *)(void *)x);                                     \
    }                                                                                              \
    CALI_ROW_LOOP(name, NAME, name##_drift, false)

#define CALI_ROW_LOOP(name, NAME, on_drift, sees_voltage)                                          \
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
                    CALI_##NAME##_IS_PRE_ONLY, since_ms, name##_post, name##_pre, name##_gain,     \
                    on_drift, sees_voltage);                                                       \
        else                                                                                       \
            run_row(r, false, N_STATES, N_CONSTANTS, CALI_##NAME##_PRE, CALI_##NAME##_POST,        \
                    CALI_##NAME##_IS_PRE_ONLY, since_ms, name##_post, name##_pre, name##_gain,     \
                    on_drift, sees_voltage);                                                       \
    }
#include "snn/synapses.def"
