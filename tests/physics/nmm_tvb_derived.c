/* Constants that models derive from their parameters, against those of TVB (shared/reference/tvb). */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/tvb_models.h"

enum { N_MODES = 3 };

static const tvb_model *line_of(const char *file)
{
    int i = 0;
    while (i < TVB_MODELS && strcmp(tvb_models[i].file, file) != 0)
        i++;
    cr_assert(i < TVB_MODELS, "%s is not in the table", file);
    return &tvb_models[i];
}

/* Parameters of /dfun and what is derived from them; freed with free(). */
static double *derived_rows(hid_t file, const tvb_model *tvb)
{
    const cal_nmm_model *m = tvb_ours(tvb);
    double *p = calloc(m->n_params + m->n_derived, sizeof *p);
    for (size_t k = 0; k < m->n_params; k++)
        tvb_parameter(file, "dfun", tvb, k, 1, p + k);
    cal_nmm_model_derive(m, 1, p);
    return p;
}

/* Their sums over 1500 nodes go another way round, and their nodes are those of k / 1501 added up: 1e-13. */
static void expect_close(hid_t file, const char *name, const double *ours, size_t n)
{
    char path[96];
    snprintf(path, sizeof path, "dfun/parameters/derived/%s", name);
    double *theirs = tvb_read(file, path, n);
    for (size_t k = 0; k < n; k++)
        cr_expect(epsilon_eq(dbl, ours[k], theirs[k], 1e-13 * fmax(1.0, fabs(theirs[k]))), "%s[%zu]", name, k);
    free(theirs);
}

/* first (x) second: element [i][k] = first[i] second[k] */
static void expect_product(hid_t file, const char *name, const double *first, const double *second)
{
    double product[N_MODES * N_MODES];
    for (size_t i = 0; i < N_MODES; i++)
        for (size_t k = 0; k < N_MODES; k++)
            product[i * N_MODES + k] = first[i] * second[k];
    expect_close(file, name, product, N_MODES * N_MODES);
}

static void expect_scaled(hid_t file, const char *name, double factor, const double *rows, int power)
{
    double scaled[N_MODES];
    for (size_t k = 0; k < N_MODES; k++)
        scaled[k] = factor * pow(rows[k], power);
    expect_close(file, name, scaled, N_MODES);
}

Test(nmm_tvb_derived, integrals_of_the_reduced_fitzhugh_nagumo_set)
{
    const tvb_model *tvb = line_of("ReducedSetFitzHughNagumo");
    const hid_t file = tvb_open(tvb);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    double *p = derived_rows(file, tvb);
    const double *s = p + tvb_ours(tvb)->n_params, *g = s + N_MODES, *drive = g + N_MODES, *q = drive + N_MODES;
    const double a = tvb_number(file, "dfun/parameters/a");
    expect_product(file, "Aik", g, s);
    expect_product(file, "Bik", s, g);
    expect_product(file, "Cik", g, s);
    expect_close(file, "IE_i", drive, N_MODES);
    expect_close(file, "II_i", drive, N_MODES);
    expect_scaled(file, "e_i", 1.0, q, 2);
    expect_scaled(file, "f_i", 1.0, q, 2);
    expect_scaled(file, "m_i", a, s, 1);
    expect_scaled(file, "n_i", a, s, 1);
    free(p);
    H5Fclose(file);
}

Test(nmm_tvb_derived, integrals_of_the_reduced_hindmarsh_rose_set)
{
    const tvb_model *tvb = line_of("ReducedSetHindmarshRose");
    const hid_t file = tvb_open(tvb);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    double *p = derived_rows(file, tvb);
    const double *s = p + tvb_ours(tvb)->n_params, *g = s + N_MODES, *drive = g + N_MODES, *q = drive + N_MODES;
    const double r = tvb_number(file, "dfun/parameters/r"), xo = tvb_number(file, "dfun/parameters/xo");
    const double rest = r * tvb_number(file, "dfun/parameters/s") * xo, d = tvb_number(file, "dfun/parameters/d");
    const double a = tvb_number(file, "dfun/parameters/a"), b = tvb_number(file, "dfun/parameters/b");
    expect_product(file, "A_ik", g, s);
    expect_product(file, "B_ik", s, g);
    expect_product(file, "C_ik", g, s);
    expect_close(file, "IE_i", drive, N_MODES);
    expect_scaled(file, "a_i", a, q, 2);
    expect_scaled(file, "e_i", a, q, 2);
    expect_scaled(file, "b_i", b, q, 1);
    expect_scaled(file, "f_i", b, q, 1);
    expect_scaled(file, "c_i", tvb_number(file, "dfun/parameters/c"), s, 1);
    expect_scaled(file, "d_i", d, q, 1);
    expect_scaled(file, "p_i", d, q, 1);
    expect_scaled(file, "m_i", rest, s, 1);
    expect_scaled(file, "n_i", rest, s, 1);
    free(p);
    H5Fclose(file);
}

Test(nmm_tvb_derived, circles_of_the_bursters)
{
    static const char *const vectors[2][4] = {{"E", "F"}, {"G", "H", "L", "M"}};
    static const char *const files[2] = {"EpileptorCodim3", "EpileptorCodim3SlowMod"};
    for (int i = 0; i < 2; i++) {
        const tvb_model *tvb = line_of(files[i]);
        const hid_t file = tvb_open(tvb);
        if (file < 0)
            cr_skip_test("the reference data are not here");
        double *p = derived_rows(file, tvb);
        for (size_t k = 0; k < 4 && vectors[i][k] != NULL; k++)
            expect_close(file, vectors[i][k], p + tvb_ours(tvb)->n_params + 3 * k, 3);
        free(p);
        H5Fclose(file);
    }
}

/* The Epileptor with z on a sigmoid: its own derivative in the file, at the parameters of /dfun_2. */
Test(nmm_tvb_derived, epileptor_with_its_modification)
{
    const tvb_model *tvb = line_of("Epileptor");
    const hid_t file = tvb_open(tvb);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    const cal_nmm_model *m = tvb_ours(tvb);
    const size_t n = m->n_states * TVB_SAMPLES;
    double *p = calloc(m->n_params * TVB_SAMPLES, sizeof *p), *dx = calloc(n, sizeof *dx);
    for (size_t k = 0; k < m->n_params; k++)
        tvb_parameter(file, "dfun_2", tvb, k, TVB_SAMPLES, p + k * TVB_SAMPLES);
    const int modification = cal_field_find(m->params, m->n_params, "modification");
    for (size_t i = 0; i < TVB_SAMPLES; i++)
        p[(size_t)modification * TVB_SAMPLES + i] = 1.0;
    double *x = tvb_read(file, "dfun/state", n), *c = tvb_read(file, "dfun/coupling", 2 * TVB_SAMPLES);
    double *truth = tvb_read(file, "dfun_2/dx_modification_true", n), *line = tvb_read(file, "dfun_2/dx", n);
    m->rhs(TVB_SAMPLES, p, x, c, dx);
    size_t n_changed = 0;
    for (size_t k = 0; k < n; k++) {
        cr_expect(epsilon_eq(dbl, dx[k], truth[k], 1e-12 * fmax(1.0, fabs(truth[k]))), "row %zu", k / TVB_SAMPLES);
        n_changed += fabs(truth[k] - line[k]) > 1e-9;
    }
    cr_expect(eq(sz, n_changed, TVB_SAMPLES)); /* z', and nothing else */
    free(p);
    free(dx);
    free(x);
    free(c);
    free(truth);
    free(line);
    H5Fclose(file);
}
