/* What every entry of nmm/models/models.def keeps. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "callosum/nmm.h"
#include "support/support.h"

enum { N = 37, MANY = 64 }; /* an odd number of regions: remainders of vector loops run too */

static struct criterion_test_params all_models(void)
{
    static int index[64];
    const size_t n = cal_nmm_n_models();
    for (size_t i = 0; i < n && i < 64; i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, n);
}

static void expect_fields(const char *model, const cal_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const cal_field *f = &fields[i];
        cr_expect(f->name != NULL && f->name[0] != '\0' && f->unit != NULL && f->unit[0] != '\0');
        cr_expect(f->meaning != NULL && strlen(f->meaning) > 2, "%s %s: no meaning", model, f->name);
        cr_expect(f->low < f->high && f->value >= f->low && f->value <= f->high, "%s %s: default",
                  model, f->name);
        for (size_t j = 0; j < i; j++)
            cr_expect(strcmp(f->name, fields[j].name) != 0, "%s: two called %s", model, f->name);
    }
}

/* A value inside a field's range, its ends for units 0 and 1; infinite ends are cut 20 scales away. */
static double draw(const cal_field *f, double scale, uint32_t unit, uint32_t use)
{
    const cali_random r = cali_philox(cali_key_from_seed(7), unit, use, 1, 0);
    const double low = isfinite(f->low) ? f->low : -20.0 * scale;
    const double high = isfinite(f->high) ? f->high : 20.0 * scale;
    if (unit == 0 || unit == 1)
        return unit == 0 ? low : high;
    return low + (high - low) * cali_uniform(r.word[0], r.word[1]);
}

ParameterizedTestParameters(nmm_models, keeps_the_contract)
{
    return all_models();
}
ParameterizedTest(int *index, nmm_models, keeps_the_contract)
{
    const cal_nmm_model *m = cal_nmm_model_at((size_t)*index);
    cr_assert(m != NULL);
    cr_expect(m == cal_nmm_model_find(m->name));
    cr_expect(m->alias == NULL || m == cal_nmm_model_find(m->alias));
    cr_expect(strlen(m->title) > 8 && strlen(m->equations) > 8 && strlen(m->source) > 8);
    cr_assert(m->n_states > 0 && m->n_inputs > 0 && m->n_outputs > 0);
    cr_expect(m->n_params + m->n_derived <= MANY, "%s: more rows than this test has room for", m->name);
    cr_expect(m->derive != NULL ? m->n_derived > 0 : m->n_derived == 0, "%s: derived rows without derive, or the reverse", m->name);
    expect_fields(m->name, m->states, m->n_states);
    expect_fields(m->name, m->params, m->n_params);
    expect_fields(m->name, m->inputs, m->n_inputs);
    expect_fields(m->name, m->outputs, m->n_outputs);
    for (size_t s = 0; s < m->n_states; s++)
        cr_expect(m->scales[s] > 0.0 && isfinite(m->scales[s]));
    for (size_t k = 0; k < m->n_own_delays; k++) { /* rows exist; the parameter is a delay */
        const cal_own_delay *own = &m->own_delays[k];
        cr_assert(own->output < m->n_outputs && own->input < m->n_inputs && own->param < m->n_params);
        cr_expect(eq(str, (char *)m->params[own->param].unit, "ms"));
        cr_expect(m->params[own->param].low >= 0.0);
    }
    for (size_t o = 0; o < m->n_outputs; o++) /* a state shown as output has the state's unit */
        for (size_t s = 0; s < m->n_states; s++)
            if (strcmp(m->outputs[o].name, m->states[s].name) == 0)
                cr_expect(eq(str, (char *)m->outputs[o].unit, (char *)m->states[s].unit));
}

/* Parameters, states and inputs of N regions over their ranges. */
static void draw_all(const cal_nmm_model *m, double *p, double *x, double *c)
{
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < m->n_params; k++)
            p[k * N + i] = draw(&m->params[k], 1.0, (uint32_t)((i * 7 + k) % N), (uint32_t)k);
        for (size_t k = 0; k < m->n_states; k++)
            x[k * N + i] = draw(&m->states[k], m->scales[k], (uint32_t)i, 100 + (uint32_t)k);
        for (size_t k = 0; k < m->n_inputs; k++)
            c[k * N + i] = draw(&m->inputs[k], 1.0, (uint32_t)i, 200 + (uint32_t)k);
    }
}

ParameterizedTestParameters(nmm_models, is_finite_and_treats_each_region_alone)
{
    return all_models();
}
ParameterizedTest(int *index, nmm_models, is_finite_and_treats_each_region_alone)
{
    const cal_nmm_model *m = cal_nmm_model_at((size_t)*index);
    static double p[MANY * N], x[MANY * N], c[MANY * N], dx[MANY * N], y[MANY * N];
    draw_all(m, p, x, c);
    cal_nmm_model_derive(m, N, p);
    m->rhs(N, p, x, c, dx);
    m->observe(N, p, x, y);
    for (size_t i = 0; i < N; i++) {
        double p1[MANY], x1[MANY], c1[MANY], dx1[MANY], y1[MANY];
        for (size_t k = 0; k < m->n_params; k++)
            p1[k] = p[k * N + i];
        for (size_t k = 0; k < m->n_states; k++)
            x1[k] = x[k * N + i];
        for (size_t k = 0; k < m->n_inputs; k++)
            c1[k] = c[k * N + i];
        cal_nmm_model_derive(m, 1, p1);
        for (size_t k = m->n_params; k < m->n_params + m->n_derived; k++) {
            cr_expect(isfinite(p[k * N + i]), "%s: derived row %zu of region %zu", m->name, k - m->n_params, i);
            cr_expect(eq(dbl, p[k * N + i], p1[k]), "%s: derived row %zu differs alone", m->name, k - m->n_params);
        }
        m->rhs(1, p1, x1, c1, dx1);
        m->observe(1, p1, x1, y1);
        for (size_t k = 0; k < m->n_states; k++) {
            cr_expect(isfinite(dx[k * N + i]), "%s: %s' in region %zu", m->name, m->states[k].name, i);
            cr_expect(eq(dbl, dx[k * N + i], dx1[k]), "%s: %s' differs alone", m->name,
                      m->states[k].name);
        }
        for (size_t k = 0; k < m->n_outputs; k++) {
            const cal_field *o = &m->outputs[k];
            cr_expect(y[k * N + i] >= o->low && y[k * N + i] <= o->high, "%s: %s", m->name, o->name);
            cr_expect(eq(dbl, y[k * N + i], y1[k]));
            const int s = cal_field_find(m->states, m->n_states, o->name);
            if (s >= 0)
                cr_expect(eq(dbl, y[k * N + i], x[(size_t)s * N + i]), "%s shows %s", m->name, o->name);
        }
    }
}

/* Outputs that depend on inputs: finite, each region on its own, and without inputs those of `observe`. */
ParameterizedTestParameters(nmm_models, shows_driven_outputs_in_the_same_way)
{
    return all_models();
}
ParameterizedTest(int *index, nmm_models, shows_driven_outputs_in_the_same_way)
{
    const cal_nmm_model *m = cal_nmm_model_at((size_t)*index);
    static double p[MANY * N], x[MANY * N], c[MANY * N], y[MANY * N], none[MANY * N], plain[MANY * N];
    if (m->observe_driven == NULL)
        return;
    draw_all(m, p, x, c);
    cal_nmm_model_derive(m, N, p);
    m->observe_driven(N, p, x, none, y);
    m->observe(N, p, x, plain);
    for (size_t k = 0; k < m->n_outputs * N; k++)
        cr_expect(eq(dbl, y[k], plain[k]), "%s: without inputs", m->name);
    m->observe_driven(N, p, x, c, y);
    for (size_t i = 0; i < N; i++) {
        double p1[MANY], x1[MANY], c1[MANY], y1[MANY];
        for (size_t k = 0; k < m->n_params + m->n_derived; k++)
            p1[k] = p[k * N + i];
        for (size_t k = 0; k < m->n_states; k++)
            x1[k] = x[k * N + i];
        for (size_t k = 0; k < m->n_inputs; k++)
            c1[k] = c[k * N + i];
        m->observe_driven(1, p1, x1, c1, y1);
        for (size_t k = 0; k < m->n_outputs; k++) {
            const cal_field *o = &m->outputs[k];
            cr_expect(y[k * N + i] >= o->low && y[k * N + i] <= o->high, "%s: %s", m->name, o->name);
            cr_expect(eq(dbl, y[k * N + i], y1[k]));
        }
    }
}

Test(nmm_models, unknown_names_are_not_found)
{
    cr_expect(cal_nmm_model_find("no-such-mass") == NULL);
    cr_expect(cal_nmm_model_find(NULL) == NULL);
    cr_expect(cal_nmm_model_at(cal_nmm_n_models()) == NULL);
}

/* ---- saved states -------------------------------------------------------------------------------- */

static cal_nmm *make_pair(cal_context *ctx, const cal_nmm_model *m, cal_connectome **connectome)
{
    const double weights[4] = {0.0, 0.01, 0.01, 0.0}, lengths[4] = {0.0, 9.0, 4.0, 0.0};
    const cal_nmm_region regions[2] = {{.model = m}, {.model = m}};
    const cal_connectome_def pair = {.name = "pair", .n_regions = 2, .weights = weights, .lengths_mm = lengths};
    const cal_coupling coupling = cal_coupling_default();
    cal_nmm_def def = cal_nmm_def_default();
    cal_nmm *nmm = NULL;
    cr_assert(cal_connectome_create(ctx, &pair, connectome) == CAL_OK);
    def.connectome = *connectome;
    def.regions = regions;
    def.couplings = &coupling;
    def.n_couplings = 1;
    def.integrator = CAL_HEUN;
    def.dt = CAL_NS_PER_MS / 100;
    def.window = 2 * CAL_NS_PER_MS;
    cr_assert(cal_nmm_create(ctx, &def, &nmm) == CAL_OK, "%s: %s", m->name, cal_context_message(ctx));
    return nmm;
}

/* Two coupled regions, 4 ms, saved, restored, 2 ms more: the bytes of the uninterrupted run. */
ParameterizedTestParameters(nmm_models, goes_on_from_a_saved_state)
{
    return all_models();
}
ParameterizedTest(int *index, nmm_models, goes_on_from_a_saved_state)
{
    const cal_nmm_model *m = cal_nmm_model_at((size_t)*index);
    cal_context *ctx = cali_test_context(1);
    cal_connectome *connectomes[2];
    cal_nmm *nmm[2];
    char *bytes[3];
    size_t size[3];
    for (int k = 0; k < 2; k++)
        nmm[k] = make_pair(ctx, m, &connectomes[k]);
    for (int k = 1; k <= 2; k++)
        cr_assert(cal_nmm_advance(nmm[0], 2 * k * CAL_NS_PER_MS) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_nmm_save_state(nmm[0], &bytes[2], &size[2]) == CAL_OK);
    cr_assert(cal_nmm_restore_state(nmm[1], bytes[2], size[2], CAL_RESTORE_CONTINUE) == CAL_OK, "%s: %s", m->name,
              cal_context_message(ctx));
    for (int k = 0; k < 2; k++) {
        cr_assert(cal_nmm_advance(nmm[k], 6 * CAL_NS_PER_MS) == CAL_OK);
        cr_assert(cal_nmm_save_state(nmm[k], &bytes[k], &size[k]) == CAL_OK);
    }
    cr_expect(size[0] == size[1] && memcmp(bytes[0], bytes[1], size[0]) == 0, "%s", m->name);
    for (int k = 0; k < 3; k++)
        free(bytes[k]);
    for (int k = 0; k < 2; k++) {
        cal_nmm_destroy(&nmm[k]);
        cal_connectome_destroy(&connectomes[k]);
    }
    cal_context_destroy(&ctx);
}
