/* Right-hand sides against TVB's (shared/reference/tvb): 20 random states and inputs per model, with
 * TVB's default parameters and with others. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/tvb_models.h"

/* Parameters and what the model derives from them. */
static double *read_parameters(hid_t file, const char *group, const tvb_model *tvb)
{
    const cal_nmm_model *m = tvb_ours(tvb);
    double *params = calloc((m->n_params + m->n_derived) * TVB_SAMPLES, sizeof *params);
    for (size_t k = 0; k < m->n_params; k++)
        tvb_parameter(file, group, tvb, k, TVB_SAMPLES, params + k * TVB_SAMPLES);
    cal_nmm_model_derive(m, TVB_SAMPLES, params);
    return params;
}

/* Rows (variable, sample, mode) of the file as our rows (state, sample). */
static double *read_states(hid_t file, const char *path, const tvb_model *tvb)
{
    const size_t n_states = tvb_ours(tvb)->n_states, n_modes = tvb_n_modes(file);
    double *theirs = tvb_read(file, path, n_states * TVB_SAMPLES);
    double *ours = calloc(n_states * TVB_SAMPLES, sizeof *ours);
    for (size_t s = 0; s < n_states; s++)
        for (size_t i = 0; i < TVB_SAMPLES; i++)
            ours[s * TVB_SAMPLES + i] = theirs[(s / n_modes * TVB_SAMPLES + i) * n_modes + s % n_modes];
    free(theirs);
    return ours;
}

static double *read_inputs(hid_t file, const tvb_model *tvb)
{
    const cal_nmm_model *m = tvb_ours(tvb);
    const size_t n_modes = tvb_n_modes(file);
    size_t n;
    double *theirs = cali_test_h5_read(file, "dfun/coupling", &n);
    double *inputs = calloc(m->n_inputs * TVB_SAMPLES, sizeof *inputs);
    for (size_t k = 0; k < TVB_ROUTES; k++) {
        if (tvb->routes[k].to == NULL)
            continue;
        const int input = cal_field_find(m->inputs, m->n_inputs, tvb->routes[k].to);
        cr_assert(input >= 0 && n >= (k + 1) * TVB_SAMPLES * n_modes, "%s: input %s", tvb->file, tvb->routes[k].to);
        for (size_t i = 0; i < TVB_SAMPLES; i++)
            for (size_t mode = 0; mode < n_modes; mode++)
                inputs[(size_t)input * TVB_SAMPLES + i] += theirs[(k * TVB_SAMPLES + i) * n_modes + mode];
    }
    free(theirs);
    return inputs;
}

static double worst_difference(hid_t file, const tvb_model *tvb, const char *group)
{
    const cal_nmm_model *m = tvb_ours(tvb);
    char path[64];
    snprintf(path, sizeof path, "%s/dx", group);
    double *params = read_parameters(file, group, tvb), *x = read_states(file, "dfun/state", tvb);
    double *inputs = read_inputs(file, tvb), *truth = read_states(file, path, tvb);
    double *dx = calloc(m->n_states * TVB_SAMPLES, sizeof *dx), worst = 0.0;

    m->rhs(TVB_SAMPLES, params, x, inputs, dx);

    for (size_t i = 0; i < m->n_states * TVB_SAMPLES; i++) {
        const double difference = fabs(dx[i] - truth[i]) / fmax(1.0, fabs(truth[i]));
        worst = difference <= worst ? worst : difference; /* keeps NaN */
    }
    free(params);
    free(x);
    free(inputs);
    free(truth);
    free(dx);
    return worst;
}

ParameterizedTestParameters(nmm_tvb, right_hand_sides_are_those_of_tvb)
{
    return tvb_each_model();
}
ParameterizedTest(int *i, nmm_tvb, right_hand_sides_are_those_of_tvb)
{
    const tvb_model *tvb = &tvb_models[*i];
    const hid_t file = tvb_open(tvb);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    /* tolerance of the reference's README: rounding of terms of order one */
    const double tolerance = tvb->dfun_tolerance > 0.0 ? tvb->dfun_tolerance : 1e-12;
    cr_expect(lt(dbl, worst_difference(file, tvb, "dfun"), tolerance), "%s", tvb->file);
    cr_expect(lt(dbl, worst_difference(file, tvb, "dfun_2"), tolerance), "%s", tvb->file);
    H5Fclose(file);
}

ParameterizedTestParameters(nmm_tvb, defaults_are_those_of_tvb)
{
    return tvb_each_model();
}
ParameterizedTest(int *i, nmm_tvb, defaults_are_those_of_tvb)
{
    const tvb_model *tvb = &tvb_models[*i];
    const hid_t file = tvb_open(tvb);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    const cal_nmm_model *m = tvb_ours(tvb);
    double *params = read_parameters(file, "dfun", tvb);
    for (size_t k = 0; k < m->n_params; k++) {
        const double theirs = params[k * TVB_SAMPLES];
        /* converted and derived values differ by roundings */
        cr_expect(epsilon_eq(dbl, m->params[k].value, theirs, 1e-14 * fabs(theirs)), "%s %s", m->name,
                  m->params[k].name);
    }
    free(params);
    H5Fclose(file);
}

/* The models of tvb-library 2.11, each in one line. */
Test(nmm_tvb, every_model_of_tvb_has_its_line)
{
    cr_expect(eq(int, TVB_MODELS, 28));
    for (size_t i = 0; i < TVB_MODELS; i++)
        for (size_t j = 0; j < i; j++)
            cr_expect(strcmp(tvb_models[i].file, tvb_models[j].file) != 0, "%s stands twice", tvb_models[i].file);
}
