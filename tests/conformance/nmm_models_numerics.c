/* The numbers of every entry of nmm/models/models.def: finite wherever states and parameters may be, the same bits at
 * every instruction-set level, a derivative, and a second of life from the defaults. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <string.h>

#include "base/isa.h"
#include "base/random.h"
#include "support/nmm_net.h"

enum { N = 203, ROWS = 96 }; /* samples, odd: remainders of vector loops run too; room for the rows of any list */

#if defined(__x86_64__)
#define CALI_NMM_MODEL(id) \
    extern const cal_nmm_model cali_model_##id##_base, cali_model_##id##_v3, cali_model_##id##_v4;
#include "nmm/models/models.def"
#undef CALI_NMM_MODEL
#define CALI_NMM_MODEL(id) {&cali_model_##id##_base, &cali_model_##id##_v3, &cali_model_##id##_v4},
static const cal_nmm_model *const levels[][CALI_N_ISA] = {
#include "nmm/models/models.def"
};
#undef CALI_NMM_MODEL
#endif

static struct criterion_test_params all_models(void)
{
    static int index[64];
    const size_t n = cal_nmm_n_models();
    for (size_t i = 0; i < n && i < 64; i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, n);
}

typedef struct samples {
    double p[ROWS * N], x[ROWS * N], c[ROWS * N];
} samples;

static double uniform(uint32_t sample, uint32_t use)
{
    const cali_random r = cali_philox(cali_key_from_seed(11), sample, use, 2, 0);
    return cali_uniform(r.word[0], r.word[1]);
}

/* Somewhere in a field's range: one of its ends, even in the logarithm where the range begins above 0, or even. Open
 * ends are cut 30 scales away. */
static double somewhere(const cal_field *f, double scale, uint32_t sample, uint32_t use)
{
    const double low = isfinite(f->low) ? f->low : -30.0 * scale, high = isfinite(f->high) ? f->high : 30.0 * scale;
    const double where = uniform(sample, use), way = uniform(sample, use + 1000);
    if (way < 0.1)
        return way < 0.05 ? low : high;
    if (way < 0.6 && low > 0.0)
        return fmin(high, fmax(low, low * pow(high / low, where)));
    return low + (high - low) * where;
}

/* Parameters stay at their defaults in the first half of the samples. */
static void fill(const cal_nmm_model *m, samples *s)
{
    cr_assert(m->n_params + m->n_derived <= ROWS && m->n_states <= ROWS && m->n_outputs <= ROWS && m->n_inputs <= ROWS);
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t k = 0; k < m->n_params; k++)
            s->p[k * N + i] = i < N / 2 ? m->params[k].value : somewhere(&m->params[k], 1.0, i, k);
        for (uint32_t k = 0; k < m->n_states; k++)
            s->x[k * N + i] = somewhere(&m->states[k], m->scales[k], i, 100 + k);
        for (uint32_t k = 0; k < m->n_inputs; k++)
            s->c[k * N + i] = somewhere(&m->inputs[k], 1.0, i, 200 + k);
    }
}

ParameterizedTestParameters(nmm_models_numerics, are_finite_all_over_their_ranges)
{
    return all_models();
}
ParameterizedTest(int *index, nmm_models_numerics, are_finite_all_over_their_ranges)
{
    static samples s;
    static double dx[ROWS * N], y[ROWS * N];
    const cal_nmm_model *m = cal_nmm_model_at((size_t)*index);
    fill(m, &s);
    cal_nmm_model_derive(m, N, s.p);
    m->rhs(N, s.p, s.x, s.c, dx);
    m->observe(N, s.p, s.x, y);
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < m->n_states; k++)
            cr_expect(isfinite(dx[k * N + i]), "%s: %s' of sample %zu", m->name, m->states[k].name, i);
        for (size_t k = 0; k < m->n_outputs; k++) {
            const cal_field *o = &m->outputs[k];
            cr_expect(isfinite(y[k * N + i]) && y[k * N + i] >= o->low && y[k * N + i] <= o->high,
                      "%s: %s of sample %zu is %g", m->name, o->name, i, y[k * N + i]);
        }
    }
}

ParameterizedTestParameters(nmm_models_numerics, have_the_same_bits_at_every_level)
{
    return all_models();
}
ParameterizedTest(int *index, nmm_models_numerics, have_the_same_bits_at_every_level)
{
#if defined(__x86_64__)
    static samples s;
    static double dx[CALI_N_ISA][ROWS * N], y[CALI_N_ISA][ROWS * N], p[CALI_N_ISA][ROWS * N];
    const cal_nmm_model *m = levels[*index][CALI_ISA_BASE];
    cr_assert(eq(str, (char *)m->name, (char *)cal_nmm_model_at((size_t)*index)->name));
    fill(m, &s);
    for (int level = CALI_ISA_BASE; level <= (int)cali_isa(); level++) {
        const cal_nmm_model *at = levels[*index][level];
        memcpy(p[level], s.p, m->n_params * N * sizeof(double));
        cal_nmm_model_derive(at, N, p[level]);
        at->rhs(N, p[level], s.x, s.c, dx[level]);
        at->observe(N, p[level], s.x, y[level]);
        const char *name = cali_isa_name((cali_isa_level)level);
        cr_expect(memcmp(p[level], p[0], (m->n_params + m->n_derived) * N * sizeof(double)) == 0, "%s: constants at %s",
                  m->name, name);
        cr_expect(memcmp(dx[level], dx[0], m->n_states * N * sizeof(double)) == 0, "%s: derivatives at %s", m->name, name);
        cr_expect(memcmp(y[level], y[0], m->n_outputs * N * sizeof(double)) == 0, "%s: outputs at %s", m->name, name);
    }
#else
    (void)index;
    cr_skip_test("this processor has one level");
#endif
}

/* Central difference of all derivatives in state s with step `h` scales, in scales per scale and ms. */
static void difference(const cal_nmm_model *m, const double *p, const double *x, size_t s, double h, double *slope)
{
    double c[ROWS] = {0.0}, up[ROWS], down[ROWS], dx_up[ROWS], dx_down[ROWS];
    memcpy(up, x, m->n_states * sizeof *x);
    memcpy(down, x, m->n_states * sizeof *x);
    up[s] += h * m->scales[s];
    down[s] -= h * m->scales[s];
    m->rhs(1, p, up, c, dx_up);
    m->rhs(1, p, down, c, dx_down);
    const double width = (up[s] - down[s]) / m->scales[s];
    for (size_t k = 0; k < m->n_states; k++)
        slope[k] = (dx_up[k] - dx_down[k]) / (width * m->scales[k]);
}

/* Away from single points where a model may have a kink (a threshold, often in the initial state) the right-hand side is
 * smooth, so that differences with two steps agree: to h^2 times the third derivative, and to 1e-16 / h times the derivatives themselves. A comparison of
 * states with a limit, or an elementary function that is not continuous, shows here. */
ParameterizedTestParameters(nmm_models_numerics, are_differentiable)
{
    return all_models();
}
ParameterizedTest(int *index, nmm_models_numerics, are_differentiable)
{
    const cal_nmm_model *m = cal_nmm_model_at((size_t)*index);
    double p[ROWS], x[ROWS], c[ROWS] = {0.0}, dx[ROWS], coarse[ROWS], fine[ROWS];
    for (size_t k = 0; k < m->n_params; k++)
        p[k] = m->params[k].value;
    cal_nmm_model_derive(m, 1, p);
    for (uint32_t point = 0; point < 8; point++) {
        for (uint32_t k = 0; k < m->n_states; k++) {
            const double margin = 1e-3 * m->scales[k];
            x[k] = m->states[k].value + (2.0 * uniform(point, 300 + k) - 1.0) * m->scales[k];
            x[k] = fmin(fmax(x[k], m->states[k].low + margin), m->states[k].high - margin);
        }
        m->rhs(1, p, x, c, dx);
        for (size_t s = 0; s < m->n_states; s++) {
            difference(m, p, x, s, 2e-5, coarse);
            difference(m, p, x, s, 1e-5, fine);
            for (size_t k = 0; k < m->n_states; k++) {
                const double size = 1.0 + fabs(fine[k]) + fabs(dx[k]) / m->scales[k];
                cr_expect(isfinite(fine[k]) && fabs(fine[k] - coarse[k]) < 1e-6 * size,
                          "%s: d %s' / d %s at point %u: %.9g and %.9g", m->name, m->states[k].name, m->states[s].name,
                          point, fine[k], coarse[k]);
            }
        }
    }
}

/* Classical Runge-Kutta steps of 0.1 ms, the default, are stable up to rates of 28 / ms (Hairer & Wanner, Solving
 * Ordinary Differential Equations II, IV.2); models that say they are stiff get the solver that `auto` gives them. */
ParameterizedTestParameters(nmm_models_numerics, live_a_second_from_their_defaults)
{
    return all_models();
}
ParameterizedTest(int *index, nmm_models_numerics, live_a_second_from_their_defaults)
{
    const cal_nmm_model *m = cal_nmm_model_at((size_t)*index);
    net a = net_make(1, m->name, 1);
    a.def.integrator = m->is_stiff ? CAL_INTEGRATOR_AUTO : CAL_RK4;
    a.def.dt = CAL_NS_PER_MS / 10;
    a.def.n_couplings = 0;
    a.def.window = CAL_NS_PER_MS;
    net_create(&a);
    cr_assert(net_run(&a, 1000 * CAL_NS_PER_MS) == CAL_OK, "%s: %s", m->name, cal_context_message(a.ctx));
    for (size_t s = 0; s < m->n_states; s++) {
        const double x = net_state(&a, 0, s);
        cr_expect(isfinite(x), "%s: %s", m->name, m->states[s].name);
        /* a phase, which turns on, is the only state that may leave the size of its scale far behind */
        const bool is_phase = strcmp(m->states[s].unit, "rad") == 0;
        cr_expect(is_phase || fabs(x) <= 1e3 * m->scales[s], "%s: %s is %g after a second", m->name, m->states[s].name, x);
    }
    net_free(&a);
}
