/* The mean field of adaptive exponential neurons: its transfer function and fixed points against tables made from the
 * formulas with another program (shared/reference/numerics/adex), its covariances against linear theory. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

#include "callosum/nmm.h"
#include "support/support.h"

enum { MAX_ROWS = 64, EXC = 0, INH, ADAPT };

typedef struct cells {
    const cal_nmm_model *model;
    double p[MAX_ROWS];
} cells;

static cells make(const char *model)
{
    cells c = {.model = cal_nmm_model_find(model)};
    for (size_t k = 0; k < c.model->n_params; k++)
        c.p[k] = c.model->params[k].value;
    return c;
}

static void set(cells *c, const char *name, double value)
{
    const int k = cal_field_find(c->model->params, c->model->n_params, name);
    cr_assert(k >= 0, "no parameter %s", name);
    c->p[k] = value;
}

/* Rates of excitatory and inhibitory cells (1/ms) in `f` that F gives at total rates of input: no synapses within the
 * region, 400 excitatory and one inhibitory synapse from outside. At E = I = 0, T E' is F. */
static void transfer(cells *c, double excitation, double inhibition, double f[2])
{
    const double x[5] = {0.0}, input = excitation / 400.0;
    double dx[5];
    set(c, "p_connect_e", 0.0);
    set(c, "p_connect_i", 0.0);
    set(c, "K_ext_i", 1.0);
    set(c, "external_input_ex_in", inhibition);
    set(c, "external_input_in_in", inhibition);
    c->model->rhs(1, c->p, x, &input, dx);
    f[0] = 20.0 * dx[EXC];
    f[1] = 20.0 * dx[INH];
}

/* The tail (down to 1e-17 Hz) too: the tolerance is relative. The table's columns are cut to 9 digits. */
Test(nmm_adex, transfer_function_is_that_of_the_reference)
{
    const char *path = cali_test_shared("reference/numerics/adex/transfer_function.csv");
    cali_test_table *truth = path == NULL ? NULL : cali_test_read_csv(path);
    if (truth == NULL)
        cr_skip_test("the reference data are not here");
    cr_expect(ge(sz, truth->n_rows, 24));
    for (size_t k = 0; k < truth->n_rows; k++) {
        cells c = make("zerlaut-adaptation-first-order");
        double f[2];
        set(&c, "Q_e", cali_test_value(truth, k, "Qe_nS"));
        transfer(&c, 1e-3 * cali_test_value(truth, k, "fe_total_Hz"), 1e-3 * cali_test_value(truth, k, "fi_total_Hz"), f);
        /* the first half of the table is of regular cells (RS), the second of fast ones (FS) */
        const double rate = 1e3 * f[k < truth->n_rows / 2 ? EXC : INH], expected = cali_test_value(truth, k, "TF_Hz");
        cr_expect(lt(dbl, fabs(rate - expected), 1e-7 * expected), "row %zu: %.9g Hz, not %.9g", k, rate, expected);
    }
    cali_test_table_free(truth);
}

/* With the 1e-6 / ms of spontaneous release per synapse within the region. */
Test(nmm_adex, fixed_points_are_those_of_the_reference)
{
    const char *path = cali_test_shared("reference/numerics/adex/network.csv");
    cali_test_table *truth = path == NULL ? NULL : cali_test_read_csv(path);
    if (truth == NULL)
        cr_skip_test("the reference data are not here");
    cr_expect(ge(sz, truth->n_rows, 6));
    for (size_t k = 0; k < truth->n_rows; k++) {
        cells c = make("zerlaut-adaptation-first-order");
        const double e = 1e-3 * cali_test_value(truth, k, "mf_E_Hz"), i = 1e-3 * cali_test_value(truth, k, "mf_I_Hz");
        const double w = cali_test_value(truth, k, "mf_W_pA"), b = cali_test_value(truth, k, "b_pA");
        const double a = cali_test_value(truth, k, "a_nS"), input = 1e-3 * cali_test_value(truth, k, "nu_ext_Hz");
        const double x[5] = {[EXC] = e, [INH] = i, [ADAPT] = w};
        double dx[5];
        set(&c, "a_e", a);
        set(&c, "b_e", b);
        set(&c, "Q_e", cali_test_value(truth, k, "Qe_nS"));
        c.model->rhs(1, c.p, x, &input, dx);
        const double mu_V = -65.0 + (500.0 * dx[ADAPT] + w - 500.0 * b * x[EXC]) / a;
        cr_expect(lt(dbl, fabs(20.0 * dx[EXC] + x[EXC] - e), 1e-6 * e), "row %zu", k);
        cr_expect(lt(dbl, fabs(20.0 * dx[INH] + x[INH] - i), 1e-6 * i), "row %zu", k);
        cr_expect(lt(dbl, fabs(mu_V - cali_test_value(truth, k, "mf_V_mV")), 1e-6 * 60.0), "row %zu", k);
    }
    cali_test_table_free(truth);
}

/* F and the Jacobian J of E' and I' at (E, I), from the first order by central differences. */
static void linearise(const double x[5], double input, double f[2], double j[2][2])
{
    const cells c = make("zerlaut-adaptation-first-order");
    double at[5], dx[5], high[5], low[5];
    c.model->rhs(1, c.p, x, &input, dx);
    for (int r = 0; r < 2; r++)
        f[r] = 20.0 * dx[r] + x[r];
    for (int s = 0; s < 2; s++) {
        const double h = 1e-6; /* of rates near 1e-3: error h^2 F''' / 6, relative 1e-7 */
        memcpy(at, x, sizeof at);
        at[s] = x[s] + h;
        c.model->rhs(1, c.p, at, &input, high);
        at[s] = x[s] - h;
        c.model->rhs(1, c.p, at, &input, low);
        for (int r = 0; r < 2; r++)
            j[r][s] = (high[r] - low[r]) / (2.0 * h);
    }
}

/* Small fluctuations about rates that stand still have the covariance C with J C + C J^T + D = 0,
 * D_k = F_k (1/T - F_k) / (N_k T). With J = (a b; c d):
 *     2 a Cee + 2 b Cei = -De,   c Cee + (a + d) Cei + b Cii = 0,   2 c Cei + 2 d Cii = -Di. */
Test(nmm_adex, covariances_solve_the_equation_of_lyapunov)
{
    const double rest[5] = {[EXC] = 0.00141, [INH] = 0.009, [ADAPT] = 74.1}, input = 0.0025;
    double f[2], j[2][2];
    linearise(rest, input, f, j);
    const double d_e = f[0] * (0.05 - f[0]) / (8000.0 * 20.0), d_i = f[1] * (0.05 - f[1]) / (2000.0 * 20.0);
    const double a = j[0][0], b = j[0][1], c = j[1][0], d = j[1][1];
    cr_assert(a + d < 0.0 && a * d - b * c > 0.0, "the rates are not stable there");
    /* Cee and Cii from the outer equations into the middle one */
    const double c_ei = (c * d_e / (2.0 * a) + b * d_i / (2.0 * d)) / (a + d - b * c / a - b * c / d);
    const double c_ee = -(d_e + 2.0 * b * c_ei) / (2.0 * a), c_ii = -(d_i + 2.0 * c * c_ei) / (2.0 * d);
    cr_assert(c_ee > 0.0 && c_ii > 0.0 && c_ei * c_ei < c_ee * c_ii, "that is no covariance");

    cells second = make("zerlaut-adaptation-second-order");
    set(&second, "moments", 1.0);
    const double still[8] = {rest[EXC], rest[INH], c_ee, c_ei, c_ii, rest[ADAPT], 0.0, 0.0};
    double dx[8];
    second.model->rhs(1, second.p, still, &input, dx);
    /* (F - E)^2 is what is left: the rates are near the fixed point, not at it */
    const double e = f[0] - rest[EXC], i = f[1] - rest[INH];
    cr_expect(lt(dbl, fabs(20.0 * dx[2] - e * e), 1e-6 * c_ee));
    cr_expect(lt(dbl, fabs(20.0 * dx[3] - e * i), 1e-6 * fabs(c_ei)));
    cr_expect(lt(dbl, fabs(20.0 * dx[4] - i * i), 1e-6 * c_ii));
}
