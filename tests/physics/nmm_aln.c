/* ALN against neurolib's own code on the same table, and its regimes. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "support/neurolib_values.h"
#include "support/nmm_net.h"

enum { N_STATES = 11, N_INPUTS = 8, SEEM = 3 };

/* ---- derivatives ------------------------------------------------------------------------------------- */

/* The values are differences of one Euler step of 1/64 ms: roundings of states (100 pA) by 64, 1e-12. */
Test(nmm_aln, derivatives_and_rates_are_those_of_neurolib)
{
    double params[64], worst = 0.0;
    const cal_nmm_model *m = cal_nmm_model_find("aln");
    cr_assert(m->n_states == N_STATES && m->n_inputs == N_INPUTS);
    for (size_t k = 0; k < m->n_params; k++)
        params[k] = m->params[k].value;
    params[cal_field_find(m->params, m->n_params, "a")] = 15.0;
    params[cal_field_find(m->params, m->n_params, "b")] = 40.0;
    cal_nmm_model_derive(m, 1, params);
    for (size_t i = 0; i < NEUROLIB_SAMPLES; i++) {
        const double *x = neurolib_aln_x[i], *given = neurolib_aln_c[i], *truth = neurolib_aln_dx[i];
        const double c[N_INPUTS] = {0.0, 0.0, given[0], given[1], given[2], given[3], given[4], given[5]};
        double dx[N_STATES], y[3];
        m->rhs(1, params, x, c, dx);
        m->observe_driven(1, params, x, c, y);
        for (size_t s = 0; s < N_STATES; s++)
            worst = fmax(worst, fabs(dx[s] - truth[s]) / fmax(1.0, fabs(truth[s])));
        for (size_t o = 0; o < 2; o++)
            worst = fmax(worst, 1e3 * fabs(y[o] - neurolib_aln_y[i][o])); /* Hz */
    }
    fprintf(stderr, "aln: derivatives differ by %.2g\n", worst);
    cr_expect(lt(dbl, worst, 5e-12));
}

/* A rate of weight 1 is the same as that rate from a region whose tract has w = w^2 = 1. */
Test(nmm_aln, rates_of_regions_and_of_weight_one_agree)
{
    double params[64], far[N_STATES], ext[N_STATES];
    const cal_nmm_model *m = cal_nmm_model_find("aln");
    for (size_t k = 0; k < m->n_params; k++)
        params[k] = m->params[k].value;
    cal_nmm_model_derive(m, 1, params);
    const double by_far[N_INPUTS] = {0.02, 0.02}, by_ext[N_INPUTS] = {0.0, 0.0, 0.02};
    m->rhs(1, params, neurolib_aln_x[1], by_far, far);
    m->rhs(1, params, neurolib_aln_x[1], by_ext, ext);
    for (size_t s = 0; s < N_STATES; s++)
        cr_expect(eq(dbl, far[s], ext[s]));
}

/* ---- series ------------------------------------------------------------------------------------------ */

/* Errors of neurolib's two steps against ours, and of what they extrapolate to step 0. */
typedef struct errors {
    double coarse, fine, limit;
} errors;

static void compare(errors *e, double ours, double coarse, double fine)
{
    e->coarse = fmax(e->coarse, fabs(coarse - ours));
    e->fine = fmax(e->fine, fabs(fine - ours));
    e->limit = fmax(e->limit, fabs(2.0 * fine - coarse - ours));
}

/* neurolib steps with Euler's scheme, and its delays are longer by one step: errors proportional to the step. So they
 * halve with it, and what two steps extrapolate to step 0 is nearer to ours by far (the share that is left is that of
 * the second order of its step). */
static void expect_first_order(const errors *e, const char *what)
{
    fprintf(stderr, "%s: neurolib at 0.02 ms %.3g Hz, at 0.01 ms %.3g Hz, extrapolated %.3g Hz\n", what,
            1e3 * e->coarse, 1e3 * e->fine, 1e3 * e->limit);
    cr_expect(e->fine > 0.4 * e->coarse && e->fine < 0.6 * e->coarse, "%s", what);
    cr_expect(lt(dbl, e->limit, 0.1 * e->fine), "%s", what);
}

static const double *sample(net *a, size_t probe, int64_t ms)
{
    size_t m = 0;
    cr_assert(net_run(a, ms * CAL_NS_PER_MS) == CAL_OK, "%s", cal_context_message(a->ctx));
    const double *rows = cal_nmm_probe_rows(a->nmm, probe, &m);
    return rows + (m - 1) * a->n;
}

static void prepare(net *a, double mue, double mui, double b)
{
    for (size_t i = 0; i < a->n; i++) {
        net_set(a, i, "mue_ext_mean", mue);
        net_set(a, i, "mui_ext_mean", mui);
        net_set(a, i, "b", b);
    }
    a->def.dt = CAL_NS_PER_MS / 100;
    a->def.window = 10 * CAL_NS_PER_MS;
}

static size_t probe(net *a, const char *what)
{
    size_t number;
    const cal_probe_def def = {.what = what, .every = 10 * CAL_NS_PER_MS};
    cr_assert(cal_nmm_add_probe(a->nmm, &def, &number, NULL) == CAL_OK);
    return number;
}

Test(nmm_aln, one_region_runs_as_in_neurolib_up_to_its_step)
{
    errors e = {0.0, 0.0, 0.0};
    net a = net_make(1, "aln", 1);
    prepare(&a, 1.25, 0.75, 5.0);
    net_create(&a);
    const size_t rates[2] = {probe(&a, "rate_e"), probe(&a, "rate_i")};
    for (int k = 0; k < 20; k++)
        for (size_t o = 0; o < 2; o++)
            compare(&e, *sample(&a, rates[o], 10 * (k + 1)), neurolib_aln_one[o][k], neurolib_aln_one[2 + o][k]);
    expect_first_order(&e, "aln, one region");
    net_free(&a);
}

/* Two coupled regions: the mean of what arrives goes by w, its noise by w^2, each along its own term. */
Test(nmm_aln, two_regions_run_as_in_neurolib_up_to_its_step)
{
    errors e = {0.0, 0.0, 0.0};
    const double squares[4] = {0.0, 1.0, 0.6 * 0.6, 0.0};
    net a = net_make(2, "aln", 1);
    prepare(&a, 1.1, 0.6, 0.0);
    net_edge(&a, 0, 1, 1.0, 7.0);
    net_edge(&a, 1, 0, 0.6, 9.0);
    a.coupling[1] = cal_coupling_default();
    a.coupling[1].to = "c_sq";
    a.coupling[1].weights = squares;
    a.def.n_couplings = 2;
    net_create(&a);
    const size_t rate = probe(&a, "rate_e");
    for (int k = 0; k < 20; k++) {
        const double *ours = sample(&a, rate, 10 * (k + 1));
        for (size_t i = 0; i < 2; i++)
            compare(&e, ours[i], neurolib_aln_two[i][k], neurolib_aln_two[2 + i][k]);
    }
    expect_first_order(&e, "aln, two regions");
    net_free(&a);
}

/* ---- saved and taken up ------------------------------------------------------------------------------ */

/* Two coupled regions with noise on an input and a noisy stimulus: a run that is saved after 50 ms and taken up has the bits
 * of the uninterrupted one, also in the first mean, whose interval begins with the rate under the inputs of that moment. */
static net make_noisy_pair(const cal_nmm_noise *noise, const cal_nmm_stimulus *stimulus, size_t *probe)
{
    net a = net_make(2, "aln", 1);
    prepare(&a, 1.1, 0.6, 0.0);
    net_edge(&a, 0, 1, 1.0, 7.0);
    net_edge(&a, 1, 0, 0.6, 9.0);
    a.def.noises = noise;
    a.def.n_noises = 1;
    a.def.stimuli = stimulus;
    a.def.n_stimuli = 1;
    net_create(&a);
    const cal_probe_def def = {.what = "rate_e", .every = 5 * CAL_NS_PER_MS, .is_mean = true};
    cr_assert(cal_nmm_add_probe(a.nmm, &def, probe, NULL) == CAL_OK);
    return a;
}

Test(nmm_aln, a_saved_run_goes_on_as_if_not_interrupted)
{
    const cal_nmm_noise noise = {.input = "rate_ext_e", .level = 0.5, .tau_ms = 3.0};
    const double p[] = {0.1, 0.1, 5.0};
    const cal_nmm_stimulus stimulus = {.input = "rate_ext_i", .region = 1, .wave = cal_waveform_find("noise"), .params = p};
    size_t number, size, n_whole, n_next;
    char *bytes;
    net whole = make_noisy_pair(&noise, &stimulus, &number);
    net part = make_noisy_pair(&noise, &stimulus, &number), next = make_noisy_pair(&noise, &stimulus, &number);
    cr_assert(net_run(&whole, 60 * CAL_NS_PER_MS) == CAL_OK && net_run(&part, 50 * CAL_NS_PER_MS) == CAL_OK);
    cr_assert(cal_nmm_save_state(part.nmm, &bytes, &size) == CAL_OK);
    cr_assert(cal_nmm_restore_state(next.nmm, bytes, size, CAL_RESTORE_CONTINUE) == CAL_OK);
    cr_assert(net_run(&next, 60 * CAL_NS_PER_MS) == CAL_OK);
    const double *a = cal_nmm_probe_rows(whole.nmm, number, &n_whole), *b = cal_nmm_probe_rows(next.nmm, number, &n_next);
    cr_assert(eq(sz, n_whole, 2));
    cr_assert(eq(sz, n_next, 2));
    for (size_t k = 0; k < 4; k++)
        cr_expect(eq(dbl, a[k], b[k]), "sample %zu of region %zu", k / 2, k % 2);
    cr_expect(gt(dbl, a[1], 1e-3));
    free(bytes);
    net_free(&whole);
    net_free(&part);
    net_free(&next);
}

/* ---- regimes ----------------------------------------------------------------------------------------- */

typedef struct activity {
    double low_Hz, high_Hz, frequency_Hz;
} activity;

/* The rate of E over 2 s, after 2 s; `kick` (mV/ms) drives E from 0.2 to 0.7 s. tauA is 600 ms. */
static activity watch(double mue, double mui, double b, double kick)
{
    enum { N = 1000 };
    static double rate[N];
    activity a = {INFINITY, 0.0, 0.0};
    net net = net_make(1, "aln", 1);
    const cal_nmm_stimulus stimulus = {.input = "mu_e", .region = -1, .offset = kick, .start = 200 * CAL_NS_PER_MS,
                                       .stop = 700 * CAL_NS_PER_MS};
    prepare(&net, mue, mui, b);
    net_set(&net, 0, "tauA", 600.0);
    net.def.stimuli = &stimulus;
    net.def.n_stimuli = 1;
    net.def.dt = CAL_NS_PER_MS / 10;
    net.def.window = 2 * CAL_NS_PER_MS;
    net_create(&net);
    size_t number, m = 0;
    const cal_probe_def def = {.what = "rate_e", .every = net.def.window};
    cr_assert(cal_nmm_add_probe(net.nmm, &def, &number, NULL) == CAL_OK);
    cr_assert(net_run(&net, 2000 * CAL_NS_PER_MS) == CAL_OK);
    for (size_t k = 0; k < N; k++) {
        cr_assert(net_run(&net, cal_nmm_time(net.nmm) + net.def.window) == CAL_OK);
        rate[k] = 1e3 * cal_nmm_probe_rows(net.nmm, number, &m)[0];
        a.low_Hz = fmin(a.low_Hz, rate[k]);
        a.high_Hz = fmax(a.high_Hz, rate[k]);
    }
    const double middle = 0.5 * (a.low_Hz + a.high_Hz);
    for (size_t k = 1; k < N; k++)
        a.frequency_Hz += 0.5 * (double)(rate[k - 1] < middle && rate[k] >= middle);
    fprintf(stderr, "aln at (%g, %g), b %g, kick %g: %.2f to %.2f Hz, %.1f /s\n", mue, mui, b, kick, a.low_Hz,
            a.high_Hz, a.frequency_Hz);
    net_free(&net);
    return a;
}

/* The plane of the mean inputs without adaptation (Cakan & Obermayer 2020): silence, a limit cycle of E and I near
 * 20 Hz, asynchronous activity, and between the first and the last, where I is driven strongly, both at once. */
Test(nmm_aln, the_plane_of_inputs_has_its_regimes)
{
    const activity down = watch(0.5, 1.5, 0.0, 0.0), up = watch(3.5, 0.75, 0.0, 0.0);
    cr_expect(lt(dbl, down.high_Hz, 0.5));
    cr_expect(gt(dbl, up.low_Hz, 40.0));
    cr_expect(lt(dbl, up.high_Hz - up.low_Hz, 0.1));
    const activity cycle = watch(1.25, 0.75, 0.0, 0.0);
    cr_expect(cycle.low_Hz < 1.0 && cycle.high_Hz > 20.0);
    cr_expect(cycle.frequency_Hz > 15.0 && cycle.frequency_Hz < 35.0);
    const activity silent = watch(2.1, 3.25, 0.0, 0.0), kicked = watch(2.1, 3.25, 0.0, 1.5);
    cr_expect(lt(dbl, silent.high_Hz, 0.5));
    cr_expect(gt(dbl, kicked.low_Hz, 10.0));
}

/* Slow adaptation (tauA = 600 ms) ends the up state, and its decay lets it come back: about once a second. */
Test(nmm_aln, adaptation_makes_slow_oscillations)
{
    const activity steady = watch(3.5, 2.5, 0.0, 0.0), slow = watch(3.5, 2.5, 40.0, 0.0);
    cr_expect(lt(dbl, steady.high_Hz - steady.low_Hz, 0.1));
    cr_expect(slow.low_Hz < 1.0 && slow.high_Hz > 40.0);
    cr_expect(slow.frequency_Hz >= 0.5 && slow.frequency_Hz <= 3.0);
}
