/* Right-hand sides against TVB's (shared/reference/tvb): 20 random states and inputs per model, with
 * TVB's default parameters and with others. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "callosum/nmm.h"
#include "support/h5.h"
#include "support/support.h"

typedef struct tvb_case {
    const char *file, *model;
    size_t n_inputs; /* TVB uses that many of its coupling variables */
} tvb_case;
static const tvb_case cases[] = {
    {"MontbrioPazoRoxin", "montbrio-pazo-roxin", 2},
    {"JansenRit", "jansen-rit", 1},
    {"WilsonCowan", "wilson-cowan", 1},
    {"Generic2dOscillator", "generic-2d-oscillator", 1},
    {"ReducedWongWang", "reduced-wong-wang", 1},
    {"Kuramoto", "kuramoto", 1},
};
enum { N_CASES = sizeof cases / sizeof cases[0], N_SAMPLES = 20 };

static struct criterion_test_params all_cases(void)
{
    static int index[N_CASES] = {0, 1, 2, 3, 4, 5};
    return cr_make_param_array(int, index, N_CASES);
}

static hid_t open_file(const tvb_case *tvb)
{
    char relative[128];
    snprintf(relative, sizeof relative, "reference/tvb/%s.h5", tvb->file);
    const char *path = cali_test_shared(relative);
    return path == NULL ? -1 : H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
}

/* Parameters (n_params x 20) of a group; every parameter of the model must be in the file. */
static double *read_params(hid_t file, const char *group, const cal_nmm_model *model)
{
    double *params = calloc((model->n_params + model->n_derived) * N_SAMPLES, sizeof *params);
    for (size_t k = 0; k < model->n_params; k++) {
        char path[128];
        size_t n;
        snprintf(path, sizeof path, "%s/parameters/%s", group, model->params[k].name);
        double *value = cali_test_h5_read(file, path, &n);
        cr_assert(value != NULL && n >= 1, "%s is not in the file", path);
        for (size_t i = 0; i < N_SAMPLES; i++)
            params[k * N_SAMPLES + i] = value[n == N_SAMPLES ? i : 0];
        free(value);
    }
    return params;
}

static double worst_difference(hid_t file, const tvb_case *tvb, const char *group)
{
    const cal_nmm_model *model = cal_nmm_model_find(tvb->model);
    char path[64];
    size_t n_x, n_c, n_dx;
    double *x = cali_test_h5_read(file, "dfun/state", &n_x);
    double *c = cali_test_h5_read(file, "dfun/coupling", &n_c);
    snprintf(path, sizeof path, "%s/dx", group);
    double *truth = cali_test_h5_read(file, path, &n_dx);
    double *params = read_params(file, group, model);
    double *dx = calloc(n_x, sizeof *dx), worst = 0.0;
    cr_assert(eq(sz, n_x, model->n_states * N_SAMPLES));
    cr_assert(eq(sz, n_dx, n_x));
    cr_assert(ge(sz, n_c, tvb->n_inputs * N_SAMPLES));
    double inputs[8 * N_SAMPLES] = {0.0};
    memcpy(inputs, c, tvb->n_inputs * N_SAMPLES * sizeof *c);

    cal_nmm_model_derive(model, N_SAMPLES, params);
    model->rhs(N_SAMPLES, params, x, inputs, dx);

    for (size_t i = 0; i < n_x; i++)
        worst = fmax(worst, fabs(dx[i] - truth[i]) / fmax(1.0, fabs(truth[i])));
    free(x);
    free(c);
    free(truth);
    free(params);
    free(dx);
    return worst;
}

ParameterizedTestParameters(nmm_tvb, right_hand_sides_are_those_of_tvb)
{
    return all_cases();
}
ParameterizedTest(int *i, nmm_tvb, right_hand_sides_are_those_of_tvb)
{
    const hid_t file = open_file(&cases[*i]);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    /* tolerance of the reference's README: rounding of terms of order one */
    cr_expect(lt(dbl, worst_difference(file, &cases[*i], "dfun"), 1e-12), "%s", cases[*i].file);
    cr_expect(lt(dbl, worst_difference(file, &cases[*i], "dfun_2"), 1e-12), "%s", cases[*i].file);
    H5Fclose(file);
}

ParameterizedTestParameters(nmm_tvb, defaults_are_those_of_tvb)
{
    return all_cases();
}
ParameterizedTest(int *i, nmm_tvb, defaults_are_those_of_tvb)
{
    const hid_t file = open_file(&cases[*i]);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    const cal_nmm_model *model = cal_nmm_model_find(cases[*i].model);
    double *params = read_params(file, "dfun", model);
    for (size_t k = 0; k < model->n_params; k++)
        cr_expect(eq(dbl, params[k * N_SAMPLES], model->params[k].value), "%s %s", model->name,
                  model->params[k].name);
    free(params);
    H5Fclose(file);
}
