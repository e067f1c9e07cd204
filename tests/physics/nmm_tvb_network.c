/* Ten coupled regions of connectivity_76 with delays and undelayed self-connections, against the
 * converged solution of the delay equations made with TVB's own right-hand sides and coupling
 * (shared/reference/tvb, /network/exact). */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "support/h5.h"
#include "support/nmm_net.h"

typedef struct tvb_case {
    const char *file, *model;
    double share;      /* of the range, 1e-6, or 1e-4 where the reference allows it */
    double rk4_dt_ms;  /* fine enough for the tolerance: jumps of the slope at t = 0 travel along */
    double grid_dt_ms; /* of CVODE's coupling */
} tvb_case;
static const tvb_case cases[] = {
    {"MontbrioPazoRoxin", "mpr", 1e-6, 0.005, 0.005},
    {"JansenRit", "jansen-rit", 1e-4, 0.1, 0.05},
    {"WilsonCowan", "wilson-cowan", 1e-6, 0.05, 0.02},
    {"Generic2dOscillator", "generic-2d-oscillator", 1e-6, 0.05, 0.02},
    {"ReducedWongWang", "reduced-wong-wang", 1e-6, 0.1, 0.1},
    {"Kuramoto", "kuramoto", 1e-6, 0.05, 0.05},
};
enum { N_CASES = sizeof cases / sizeof cases[0], N = 10 };

static double number(hid_t file, const char *path)
{
    size_t n;
    double *v = cali_test_h5_read(file, path, &n);
    cr_assert(v != NULL && n == 1, "%s", path);
    const double value = v[0];
    free(v);
    return value;
}

static void read_regions(hid_t file, net *a, const cal_nmm_model *m)
{
    size_t n;
    double *initial = cali_test_h5_read(file, "network/initial_state", &n);
    cr_assert(n == m->n_states * N);
    for (size_t i = 0; i < N; i++)
        for (size_t s = 0; s < m->n_states; s++)
            a->initial[i * NET_MAX_ROWS + s] = initial[s * N + i];
    free(initial);
    for (size_t k = 0; k < m->n_params; k++) {
        char path[96];
        snprintf(path, sizeof path, "network/parameters/%s", m->params[k].name);
        double *value = cali_test_h5_read(file, path, &n);
        cr_assert(value != NULL && (n == 1 || n == N), "%s", path);
        for (size_t i = 0; i < N; i++)
            a->params[i * NET_MAX_ROWS + k] = value[n == N ? i : 0];
        free(value);
    }
}

static void read_coupling(hid_t file, net *a, const cal_nmm_model *m)
{
    cal_coupling *c = a->coupling;
    c->a = number(file, "network/coupling_parameters/a");
    if (strcmp(m->name, "kuramoto") == 0)
        c->kind = CAL_COUPLING_KURAMOTO;
    else if (strcmp(m->name, "jansen-rit") == 0) {
        c->kind = CAL_COUPLING_SIGMOIDAL_JANSEN_RIT;
        c->cmin = number(file, "network/coupling_parameters/cmin");
        c->cmax = number(file, "network/coupling_parameters/cmax");
        c->midpoint = number(file, "network/coupling_parameters/midpoint");
        c->sigma = 1.0 / number(file, "network/coupling_parameters/r");
    } else
        c->b = number(file, "network/coupling_parameters/b");
    if (m->n_inputs == 2 && strcmp(m->name, "montbrio-pazo-roxin") == 0) { /* r -> c_r, V -> c_V */
        a->coupling[1] = *c;
        a->coupling[1].from = "V";
        a->coupling[1].to = "c_V";
        a->def.n_couplings = 2;
    }
}

static net load(hid_t file, const tvb_case *tvb)
{
    const cal_nmm_model *m = cal_nmm_model_find(tvb->model);
    net a = net_make(N, tvb->model, 1);
    size_t n;
    double *weights = cali_test_h5_read(file, "network/weights", &n);
    double *delays = cali_test_h5_read(file, "network/delays_ms", &n);
    cr_assert(n == N * N);
    memcpy(a.weights, weights, n * sizeof *weights);
    memcpy(a.delays_ms, delays, n * sizeof *delays);
    free(weights);
    free(delays);
    read_regions(file, &a, m);
    read_coupling(file, &a, m);
    a.def.window = CAL_NS_PER_MS;
    return a;
}

/* Largest difference over its tolerance, max(20 error_estimate_max, share of the range). */
static double worst_ratio(hid_t file, net *a, const tvb_case *tvb)
{
    const cal_nmm_model *m = cal_nmm_model_find(tvb->model);
    size_t n, n_times;
    double *exact = cali_test_h5_read(file, "network/exact", &n);
    double *times = cali_test_h5_read(file, "network/t", &n_times);
    double *estimate = cali_test_h5_attribute(file, "network/exact", "error_estimate_max", &n);
    double *low = cali_test_h5_attribute(file, "network", "range_min", &n);
    double *high = cali_test_h5_attribute(file, "network", "range_max", &n);
    cr_assert(exact && times && estimate && low && high && n == m->n_states);
    net_create(a);
    double worst = 0.0;
    for (size_t k = 1; k < n_times; k++) {
        cr_assert(net_run(a, (cal_time)(times[k] * 1e6 + 0.5)) == CAL_OK, "%s",
                  cal_context_message(a->ctx));
        for (size_t i = 0; i < N; i++)
            for (size_t s = 0; s < m->n_states; s++) {
                const double truth = exact[(k * m->n_states + s) * N + i];
                const double tolerance =
                    fmax(20.0 * estimate[s], tvb->share * (high[s] - low[s]));
                worst = fmax(worst, fabs(net_state(a, i, s) - truth) / tolerance);
            }
    }
    net_restart(a);
    free(exact);
    free(times);
    free(estimate);
    free(low);
    free(high);
    return worst;
}

static struct criterion_test_params all_cases(void)
{
    static int index[N_CASES] = {0, 1, 2, 3, 4, 5};
    return cr_make_param_array(int, index, N_CASES);
}

static hid_t open_case(const tvb_case *tvb)
{
    char relative[96];
    snprintf(relative, sizeof relative, "reference/tvb/%s.h5", tvb->file);
    const char *path = cali_test_shared(relative);
    return path == NULL ? -1 : H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
}

ParameterizedTestParameters(nmm_tvb_network, rk4_converges_to_the_solution_with_delays)
{
    return all_cases();
}
ParameterizedTest(int *i, nmm_tvb_network, rk4_converges_to_the_solution_with_delays)
{
    const hid_t file = open_case(&cases[*i]);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    net a = load(file, &cases[*i]);
    a.def.dt = (cal_time)(cases[*i].rk4_dt_ms * 1e6 + 0.5);
    const double ratio = worst_ratio(file, &a, &cases[*i]);
    fprintf(stderr, "%s rk4 dt %g: %.3g of the tolerance\n", cases[*i].file, cases[*i].rk4_dt_ms, ratio);
    cr_expect(lt(dbl, ratio, 1.0), "%s", cases[*i].file);
    net_free(&a);
    H5Fclose(file);
}

ParameterizedTestParameters(nmm_tvb_network, cvode_at_1e_9_gives_the_solution_with_delays)
{
    return all_cases();
}
ParameterizedTest(int *i, nmm_tvb_network, cvode_at_1e_9_gives_the_solution_with_delays)
{
    const hid_t file = open_case(&cases[*i]);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    net a = load(file, &cases[*i]);
    a.def.integrator = CAL_CVODE_ADAMS;
    a.def.rtol = 1e-9;
    a.def.dt = (cal_time)(cases[*i].grid_dt_ms * 1e6 + 0.5);
    const double ratio = worst_ratio(file, &a, &cases[*i]);
    fprintf(stderr, "%s cvode grid %g: %.3g of the tolerance\n", cases[*i].file,
            cases[*i].grid_dt_ms, ratio);
    cr_expect(lt(dbl, ratio, 1.0), "%s", cases[*i].file);
    net_free(&a);
    H5Fclose(file);
}
