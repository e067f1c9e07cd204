/* The kinds of coupling against TVB's coupling functions: random weights (one region without input), whole delays of 0
 * to 19 steps, a random history of two coupling variables (shared/reference/tvb/coupling_functions.h5). */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "support/h5.h"
#include "support/nmm_net.h"

enum { N = 12, N_BACK = 20, X, Y, X_MINUS_Y };

/* ---- a mass that keeps what it is given first --------------------------------------------------------- */

static const cal_field states[] = {{"x", "rad", 0.0, -INFINITY, INFINITY, "first"},
                                   {"y", "rad", 0.0, -INFINITY, INFINITY, "second"}};
static const cal_field outputs[] = {{"x", "rad", 0.0, -INFINITY, INFINITY, "first"},
                                    {"y", "rad", 0.0, -INFINITY, INFINITY, "second"},
                                    {"x-y", "rad", 0.0, -INFINITY, INFINITY, "their difference"}};
static const cal_field inputs[] = {{"into_x", "1", 0.0, -INFINITY, INFINITY, "input"},
                                   {"into_y", "1", 0.0, -INFINITY, INFINITY, "input"}};
static const double scales[] = {1.0, 1.0};
static double seen[2 * N];
static bool has_seen;

static void rhs(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    (void)p;
    (void)x;
    for (size_t i = 0; i < N && !has_seen; i++) {
        seen[i] = c[i];
        seen[N + i] = c[n + i];
    }
    has_seen = true;
    memset(dx, 0, 2 * n * sizeof *dx);
}

static void observe(size_t n, const double *p, const double *x, double *y)
{
    (void)p;
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i];
        y[n + i] = x[n + i];
        y[2 * n + i] = x[i] - x[n + i];
    }
}

static const cal_nmm_model keeper = {.name = "keeper", .title = "keeper", .equations = "x' = 0", .source = "test",
    .states = states, .n_states = 2, .scales = scales, .inputs = inputs, .n_inputs = 2, .outputs = outputs,
    .n_outputs = 3, .rhs = rhs, .observe = observe};

/* ---- the file ------------------------------------------------------------------------------------------- */

static const struct {
    const char *group, *from; /* from: "x-y" where the function takes the difference of the two variables */
    cal_coupling_kind kind;
} cases[] = {
    {"Linear_0", NULL, CAL_COUPLING_LINEAR},
    {"Linear_1", NULL, CAL_COUPLING_LINEAR},
    {"Scaling_0", NULL, CAL_COUPLING_SCALING},
    {"HyperbolicTangent_0", NULL, CAL_COUPLING_HYPERBOLIC_TANGENT},
    {"HyperbolicTangent_1", NULL, CAL_COUPLING_HYPERBOLIC_TANGENT},
    {"Sigmoidal_0", NULL, CAL_COUPLING_SIGMOIDAL},
    {"Sigmoidal_1", NULL, CAL_COUPLING_SIGMOIDAL},
    {"SigmoidalJansenRit_0", "x-y", CAL_COUPLING_SIGMOIDAL_JANSEN_RIT},
    {"SigmoidalJansenRit_1", "x-y", CAL_COUPLING_SIGMOIDAL_JANSEN_RIT},
    {"Difference_0", NULL, CAL_COUPLING_DIFFERENCE},
    {"Difference_1", NULL, CAL_COUPLING_DIFFERENCE},
    {"Kuramoto_0", NULL, CAL_COUPLING_KURAMOTO},
    {"Kuramoto_1", NULL, CAL_COUPLING_KURAMOTO},
};

static double *read(hid_t file, const char *group, const char *name, size_t *n)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", group, name);
    return cali_test_h5_read(file, path, n);
}

/* Numbers of the function by the names of the header; TVB's r is 1 / sigma. Those that are absent stay ours. */
static void set_numbers(hid_t file, const char *group, cal_coupling *c)
{
    static const char *const theirs[] = {"parameters/a", "parameters/b", "parameters/cmin", "parameters/cmax",
                                         "parameters/midpoint", "parameters/sigma", "parameters/r"};
    for (size_t k = 0; k < 7; k++) {
        size_t n;
        double *value = read(file, group, theirs[k], &n);
        if (value != NULL && k < 6)
            *cal_coupling_number(c, theirs[k] + strlen("parameters/")) = value[0];
        else if (value != NULL)
            c->sigma = 1.0 / value[0];
        free(value);
    }
}

static double largest_difference(hid_t file, size_t k)
{
    static const char *const names[] = {"x", "y"}, *const into[] = {"into_x", "into_y"};
    size_t n, n_values, n_out;
    net a = net_make(N, NULL, 1);
    double *weights = read(file, cases[k].group, "weights", &n), *delays = read(file, cases[k].group, "idelays", &n);
    double *past = read(file, cases[k].group, "history_buffer", &n_values);
    double *expected = read(file, cases[k].group, "output", &n_out);
    cr_assert(weights != NULL && delays != NULL && past != NULL && expected != NULL && n == N * N);
    memcpy(a.weights, weights, n * sizeof *weights);
    memcpy(a.delays_ms, delays, n * sizeof *delays);
    const size_t n_variables = n_values / (N_BACK * N);
    double times[N_BACK], values[2][N_BACK * N];
    cal_nmm_history histories[2];
    for (size_t v = 0; v < n_variables; v++) {
        for (size_t j = 0; j < N_BACK; j++) {
            times[j] = (double)j - (N_BACK - 1);
            memcpy(values[v] + j * N, past + (j * n_variables + v) * N, N * sizeof(double));
        }
        histories[v] = (cal_nmm_history){names[v], times, values[v], N_BACK};
        a.coupling[v] = cal_coupling_default();
        a.coupling[v].kind = cases[k].kind;
        a.coupling[v].from = cases[k].from != NULL ? cases[k].from : names[v];
        a.coupling[v].to = into[v];
        set_numbers(file, cases[k].group, &a.coupling[v]);
    }
    for (size_t i = 0; i < N; i++)
        a.regions[i].model = &keeper;
    a.def.n_couplings = n_variables;
    a.def.dt = CAL_NS_PER_MS;
    a.def.histories = histories;
    a.def.n_histories = n_variables;
    net_create(&a);
    has_seen = false;
    cr_assert(cal_nmm_advance(a.nmm, CAL_NS_PER_MS) == CAL_OK && has_seen);
    double worst = 0.0;
    for (size_t i = 0; i < n_variables * N; i++)
        worst = fmax(worst, fabs(seen[i] - expected[i]) / fmax(fabs(expected[i]), 1e-3));
    cr_expect(n_variables * N == n_out && fabs(expected[0]) > 0.0);
    net_free(&a);
    free(weights);
    free(delays);
    free(past);
    free(expected);
    return worst;
}

/* Relative to the value, or to 1e-3 where sums cancel: 1e-13 is the roundings of 12 terms. */
Test(nmm_coupling_functions, are_those_of_tvb)
{
    const char *path = cali_test_shared("reference/tvb/coupling_functions.h5");
    const hid_t file = path == NULL ? -1 : H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const double difference = largest_difference(file, k);
        fprintf(stderr, "%s: %.2g\n", cases[k].group, difference);
        cr_expect(lt(dbl, difference, 1e-13), "%s", cases[k].group);
    }
    H5Fclose(file);
}

/* ---- pre-sigmoidal: H (Q + tanh(G (P x - theta))) of the sources, Golos, Jirsa & Dauce (2015), PLoS Comput. Biol. 11,
 * e1004644 with the activity of each source ------------------------------------------------------------ */

Test(nmm_coupling_functions, pre_sigmoidal_takes_the_activity_and_the_threshold_of_the_source)
{
    const double h = 0.4, q = 1.1, g = 3.0, p = 1.7, theta = 0.3;
    for (int is_dynamic = 0; is_dynamic < 2; is_dynamic++) {
        net a = net_make(3, NULL, 1);
        for (size_t i = 0; i < 3; i++) {
            a.regions[i].model = &keeper;
            a.initial[i * NET_MAX_ROWS] = 0.1 + 0.2 * (double)i;
            a.initial[i * NET_MAX_ROWS + 1] = 0.4 - 0.1 * (double)i;
        }
        net_edge(&a, 0, 1, 0.5, 3.0);
        net_edge(&a, 0, 2, 0.25, 0.0);
        net_edge(&a, 2, 0, 2.0, 1.0);
        a.coupling[0] = (cal_coupling){.kind = CAL_COUPLING_PRE_SIGMOIDAL, .a = h, .b = q, .sigma = 1.0 / g, .ratio = p,
                                       .midpoint = theta, .threshold = is_dynamic ? "y" : NULL};
        a.def.gain = 1.3;
        net_create(&a);
        has_seen = false;
        cr_assert(cal_nmm_advance(a.nmm, a.def.window) == CAL_OK && has_seen);
        double s[3];
        for (size_t i = 0; i < 3; i++)
            s[i] = h * (q + tanh(g * (p * a.initial[i * NET_MAX_ROWS] -
                                      (is_dynamic ? a.initial[i * NET_MAX_ROWS + 1] : theta))));
        cr_expect(epsilon_eq(dbl, seen[0], 1.3 * (0.5 * s[1] + 0.25 * s[2]), 1e-14));
        cr_expect(eq(dbl, seen[1], 0.0));
        cr_expect(epsilon_eq(dbl, seen[2], 1.3 * 2.0 * s[0], 1e-14));
        net_free(&a);
    }
}
