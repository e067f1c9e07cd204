/* The host against the reference solutions of shared/reference/numerics. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "nmm/host.h"
#include "support/nmm_net.h"

static cali_test_table *read_table(const char *name)
{
    char relative[160];
    snprintf(relative, sizeof relative, "reference/numerics/%s", name);
    const char *path = cali_test_shared(relative);
    return path == NULL ? NULL : cali_test_read_csv(path);
}

/* ---- dde_network: 76 regions, 1713 delayed edges --------------------------------------------------- */

typedef struct big_net {
    net a;
    cal_nmm_stimulus *stimuli;
    cali_test_table *reference;
} big_net;

/* Sine inputs of the reference: in0 + amp sin(omega t + phase). */
static void add_sines(big_net *big, const cali_test_table *params)
{
    for (size_t i = 0; i < 76; i++)
        big->stimuli[big->a.def.n_stimuli++] = (cal_nmm_stimulus){
            .region = (int64_t)i,
            .offset = cali_test_value(params, i, "in0"),
            .amplitude = cali_test_value(params, i, "amp"),
            .frequency_Hz = cali_test_value(params, i, "omega_rad_per_ms") * 1e3 / (2.0 * CALI_PI),
            .phase = cali_test_value(params, i, "phase")};
    big->a.def.stimuli = big->stimuli;
}

static bool load_big(big_net *big, bool is_jr, bool has_external)
{
    cali_test_table *edges = read_table(is_jr ? "dde_network/jr76_edges.csv" : "dde_network/mpr76_edges.csv");
    cali_test_table *params =
        read_table(is_jr ? "dde_network/jr76_params.csv" : "dde_network/mpr76_params.csv");
    big->reference = read_table(has_external ? "dde_network/jr76_ext_reference.csv"
                                : is_jr      ? "dde_network/jr76_reference.csv"
                                             : "dde_network/mpr76_reference.csv");
    if (edges == NULL || params == NULL || big->reference == NULL)
        return false;
    big->a = net_make(76, is_jr ? "jansen-rit" : "mpr", 1);
    big->stimuli = calloc(76 + 5000 + 16, sizeof *big->stimuli);
    for (size_t e = 0; e < edges->n_rows; e++)
        net_edge(&big->a, (size_t)cali_test_value(edges, e, "target"),
                 (size_t)cali_test_value(edges, e, "source"), cali_test_value(edges, e, "weight"),
                 cali_test_value(edges, e, "delay_ms"));
    for (size_t i = 0; i < 76; i++) {
        const size_t n_states = is_jr ? 6 : 2;
        for (size_t s = 0; s < n_states; s++) {
            char column[16];
            snprintf(column, sizeof column, "y%zu_init", s);
            big->a.initial[i * NET_MAX_ROWS + s] = cali_test_value(params, i, column);
        }
        if (is_jr) {
            net_set(&big->a, i, "v0", 6.0);
            net_set(&big->a, i, "mu", 0.0);
        } else {
            net_set(&big->a, i, "tau", 10.0);
            net_set(&big->a, i, "eta", 0.0);
        }
    }
    big->a.coupling[0].a = is_jr ? 1.0 : 10.0; /* tau tau' of the MPR: tau c */
    add_sines(big, params);
    cali_test_table_free(edges);
    cali_test_table_free(params);
    return true;
}

static void free_big(big_net *big)
{
    net_free(&big->a);
    free(big->stimuli);
    cali_test_table_free(big->reference);
}

/* Max over the reference's times up to `until_ms` of the rms over regions, by the signal's standard
 * deviation. */
static double big_error(big_net *big, const char *what, double until_ms)
{
    const cali_test_table *ref = big->reference;
    const cal_time every = (cal_time)(ref->values[ref->n_columns] * 1e6);
    big->a.def.window = every;
    net_create(&big->a);
    size_t probe, n = 0;
    const cal_probe_def def = {.what = what, .every = every};
    cr_assert(cal_nmm_add_probe(big->a.nmm, &def, &probe, NULL) == CAL_OK);
    double worst = 0.0, sum = 0.0, square = 0.0;
    for (size_t k = 1; k < ref->n_rows && ref->values[k * ref->n_columns] <= until_ms; k++) {
        const double *truth = ref->values + k * ref->n_columns + 1;
        cr_assert(cal_nmm_advance(big->a.nmm, (cal_time)k * every) == CAL_OK, "%s",
                  cal_context_message(big->a.ctx));
        const double *row = cal_nmm_probe_rows(big->a.nmm, probe, &n);
        cr_assert(n == 1);
        double e = 0.0;
        for (size_t i = 0; i < 76; i++)
            e += (row[i] - truth[i]) * (row[i] - truth[i]);
        worst = fmax(worst, sqrt(e / 76.0));
    }
    const double count = (double)(ref->n_rows * 76);
    for (size_t k = 0; k < ref->n_rows; k++)
        for (size_t i = 0; i < 76; i++) {
            const double v = ref->values[k * ref->n_columns + 1 + i];
            sum += v;
            square += v * v;
        }
    net_restart(&big->a);
    return worst / sqrt(square / count - (sum / count) * (sum / count));
}

/* Expected errors of RK4 with cubic history are 1.1e-6 and 7.2e-8 (README); the order is 3.9. */
Test(nmm_numerics, jansen_rit_network_with_delays_keeps_order_four)
{
    big_net big = {0};
    if (!load_big(&big, true, false))
        cr_skip_test("the reference data are not here");
    big.a.def.dt = CAL_NS_PER_MS / 2;
    const double coarse = big_error(&big, "potential", 1000.0);
    big.a.def.dt = CAL_NS_PER_MS / 4;
    const double fine = big_error(&big, "potential", 1000.0);
    fprintf(stderr, "jr76 rk4: %.3g %.3g order %.2f\n", coarse, fine, log2(coarse / fine));
    cr_expect(lt(dbl, coarse, 3e-6));
    cr_expect(lt(dbl, fine, 2e-7));
    cr_expect(gt(dbl, log2(coarse / fine), 3.7));
    free_big(&big);
}

/* Inputs that jump every millisecond: a step that ends at the jumps does not notice them. */
Test(nmm_numerics, jansen_rit_network_with_jumping_inputs_keeps_its_order)
{
    big_net big = {0};
    cali_test_table *u = read_table("dde_network/jr76_ext_input.csv");
    if (u == NULL || !load_big(&big, true, true))
        cr_skip_test("the reference data are not here");
    for (size_t k = 0; k < u->n_rows && k < 500; k++)
        for (size_t i = 0; i < 10; i++)
            big.stimuli[big.a.def.n_stimuli++] = (cal_nmm_stimulus){
                .region = (int64_t)i,
                .offset = u->values[k * u->n_columns + 1 + i],
                .start = (cal_time)k * CAL_NS_PER_MS,
                .stop = (cal_time)(k + 1) * CAL_NS_PER_MS};
    big.a.def.dt = CAL_NS_PER_MS / 2;
    const double coarse = big_error(&big, "potential", 500.0);
    big.a.def.dt = CAL_NS_PER_MS / 4;
    const double fine = big_error(&big, "potential", 500.0);
    big.a.def.integrator = CAL_ERK;
    big.a.def.rtol = 1e-8;
    const double erk = big_error(&big, "potential", 500.0);
    fprintf(stderr, "jr76_ext rk4: %.3g %.3g order %.2f, erk 1e-8: %.3g\n", coarse, fine, log2(coarse / fine), erk);
    cr_expect(lt(dbl, erk, 1e-6)); /* begins anew at every jump: without, its first stage is of the other side */
    cr_expect(lt(dbl, coarse, 1e-5));
    cr_expect(gt(dbl, log2(coarse / fine), 3.5));
    cali_test_table_free(u);
    free_big(&big);
}

/* README: 2.6e-5 at dt 0.1 (tolerance 1e-4), 3.4e-6 at 0.05, order 3.0. */
Test(nmm_numerics, mpr_network_with_delays)
{
    big_net big = {0};
    if (!load_big(&big, false, false))
        cr_skip_test("the reference data are not here");
    big.a.def.dt = CAL_NS_PER_MS / 10;
    const double coarse = big_error(&big, "r", 1e9);
    big.a.def.dt = CAL_NS_PER_MS / 20;
    const double fine = big_error(&big, "r", 1e9);
    fprintf(stderr, "mpr76 rk4: %.3g %.3g order %.2f\n", coarse, fine, log2(coarse / fine));
    cr_expect(lt(dbl, coarse, 1e-4));
    cr_expect(gt(dbl, log2(coarse / fine), 2.7));
    free_big(&big);
}

/* Measured with a grid of 0.25 ms: 1.1e-3 for Adams at 1e-6 and 3.3e-6 at 1e-8; 7.6e-6 for order 5 at 1e-6 on 0.5 ms. */
Test(nmm_numerics, adaptive_steps_follow_the_network_within_their_tolerance)
{
    big_net big = {0};
    if (!load_big(&big, true, false))
        cr_skip_test("the reference data are not here");
    big.a.def.integrator = CAL_CVODE_ADAMS;
    const double loose = big_error(&big, "potential", 1000.0);
    big.a.def.rtol = 1e-8;
    const double tight = big_error(&big, "potential", 1000.0);
    big.a.def.integrator = CAL_CVODE_BDF;
    const double bdf = big_error(&big, "potential", 500.0);
    big.a.def.integrator = CAL_ERK;
    const double erk_tight = big_error(&big, "potential", 1000.0);
    big.a.def.rtol = 1e-6;
    const double erk = big_error(&big, "potential", 1000.0);
    fprintf(stderr, "jr76: adams 1e-6 %.3g, 1e-8 %.3g, bdf 1e-8 %.3g, erk 1e-6 %.3g, 1e-8 %.3g\n", loose, tight, bdf,
            erk, erk_tight);
    cr_expect(lt(dbl, loose, 2e-3));
    cr_expect(lt(dbl, tight, 2e-5));
    cr_expect(lt(dbl, bdf, 1e-4));
    cr_expect(lt(dbl, erk, 2e-5));
    cr_expect(lt(dbl, erk_tight, 1e-5)); /* like CVODE, 100 to 1000 times rtol after a second */
    free_big(&big);
}
