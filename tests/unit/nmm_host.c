/* nmm/edges.c, exchange.c, probes.c, setup.c: stencils, refusals, external regions, sampling, and the
 * same bits for any number of threads and any instruction set. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "base/random.h"
#include "nmm/host.h"
#include "support/nmm_net.h"

/* ---- stencils -------------------------------------------------------------------------------------- */

static double cubic(double t)
{
    return 1.0 + 2.0 * t - 0.5 * t * t + 0.03 * t * t * t;
}

/* Four points carry a cubic exactly; the newest one lies `limit` steps back at least. */
Test(nmm_edges, points_are_read_by_the_cubic_through_them)
{
    for (int64_t limit = 1; limit <= 20; limit += 19)
        for (double steps = (double)limit; steps < 40.0; steps += 0.37) {
            int64_t base;
            double w[4], sum = 0.0;
            cali_stencil_points(steps, limit, 2.0, &base, w);
            for (int q = 0; q < 4; q++)
                sum += w[q] * cubic((double)(base + q));
            cr_expect(le(i64, base + 3, -limit));
            cr_expect(epsilon_eq(dbl, sum, 2.0 * cubic(-steps), 1e-11 * fabs(cubic(-40.0))));
            cr_expect(epsilon_eq(dbl, w[0] + w[1] + w[2] + w[3], 2.0, 1e-12));
        }
}

Test(nmm_edges, whole_delays_take_one_point)
{
    for (int64_t steps = 1; steps < 30; steps++) {
        int64_t base;
        double w[4];
        cali_stencil_points((double)steps, 1, 0.7, &base, w);
        for (int q = 0; q < 4; q++)
            cr_expect(eq(dbl, w[q], base + q == -steps ? 0.7 : 0.0));
    }
}

/* Slot n holds the mean over (n - 1, n], the value of a straight line at n - 1/2. */
Test(nmm_edges, bins_stand_at_their_centres)
{
    for (double steps = 4.0; steps < 9.0; steps += 0.21) {
        int64_t base;
        double w[4], sum = 0.0;
        cali_stencil_bins(steps, 4, 1.0, &base, w);
        for (int q = 0; q < 4; q++)
            sum += w[q] * (3.0 + 0.5 * ((double)(base + q) - 0.5));
        cr_expect(le(i64, base + 3, -4));
        cr_expect(epsilon_eq(dbl, sum, 3.0 - 0.5 * steps, 1e-12));
    }
}

/* The kernel against the plain sum, for every length of a batch; edges that read four values, and one. */
static void expect_plain_sums(size_t n_points)
{
    enum { N = 5, E = 23, LENGTH = 512 };
    size_t first[N + 1] = {0, 4, 4, 11, 12, E};
    int32_t offset[E + 16] = {0};
    double w[4 * E], ring[LENGTH];
    for (uint32_t i = 0; i < LENGTH; i++)
        ring[i] = cali_uniform(cali_philox(cali_key_from_seed(1), i, 0, 0, 0).word[0], i);
    for (uint32_t e = 0; e < E; e++) {
        offset[e] = (int32_t)(e * 17 % 400);
        for (uint32_t q = 0; q < n_points; q++)
            w[n_points * e + q] = cali_uniform(cali_philox(cali_key_from_seed(2), e, q, 0, 0).word[0], q) - 0.5;
    }
    const cali_edges edges = {
        .n_targets = N, .n = E, .n_points = n_points, .first = first, .offset = offset, .w = w};
    const cali_kernels *kernels = cali_kernels_get();
    for (size_t n = 1; n <= CALI_NMM_BATCH; n++) {
        double sums[CALI_NMM_BATCH * 8] = {0.0};
        kernels->gather(&edges, 0, N, n, ring, 8, false, sums);
        for (size_t k = 0; k < n; k++)
            for (size_t t = 0; t < N; t++) {
                double sum = 0.0, one = 0.0;
                for (size_t e = first[t]; e < first[t + 1]; e++)
                    for (size_t q = 0; q < n_points; q++)
                        sum += w[n_points * e + q] * ring[(size_t)offset[e] + k + q];
                kernels->gather_one(&edges, t, 1, ring + k, &one);
                cr_expect(epsilon_eq(dbl, sums[k * 8 + t], sum, 1e-13));
                cr_expect(eq(dbl, sums[k * 8 + t], one)); /* near and far edges: the same bits */
            }
    }
}

Test(nmm_edges, the_gather_of_a_batch_is_the_sum_over_edges)
{
    expect_plain_sums(4);
    expect_plain_sums(1);
}

/* ---- refusals -------------------------------------------------------------------------------------- */

static void expect_refusal(net *a, cal_status status, const char *part)
{
    cr_expect(eq(int, net_try(a), status), "%s: %s", part, cal_context_message(a->ctx));
    cr_expect(strstr(cal_context_message(a->ctx), part) != NULL, "\"%s\" is not in \"%s\"", part,
              cal_context_message(a->ctx));
    net_restart(a);
}

Test(nmm_setup, what_cannot_be_computed_is_refused_by_name)
{
    net a = net_make(3, "mpr", 1);
    net_edge(&a, 0, 1, 1.0, 0.05);
    expect_refusal(&a, CAL_ERR_ARGUMENT,
                   "the delay 0.05 ms (region_001 -> region_000) is shorter than the step 0.1 ms");
    a.def.min_delay_ms = 1.0;
    net_create(&a);
    cr_expect(strcmp(cali_test_last_note(), "1 delays are raised to coupling.min_delay = 1 ms") == 0);
    cr_expect(eq(sz, cal_nmm_get_counts(a.nmm).n_raised_delays, 1));
    net_restart(&a);
    a.def.min_delay_ms = 0.0;
    net_edge(&a, 0, 1, 1.0, 5.0);

    a.params[0] = NAN;
    expect_refusal(&a, CAL_ERR_ARGUMENT, "tau of montbrio-pazo-roxin in region_000 is nan ms");
    a.params[0] = 1.0;
    a.initial[NET_MAX_ROWS] = -1.0;
    expect_refusal(&a, CAL_ERR_ARGUMENT, "the initial r of montbrio-pazo-roxin in region_001 is -1");
    a.initial[NET_MAX_ROWS] = 0.1;
    a.coupling[0].to = "c_x";
    expect_refusal(&a, CAL_ERR_ARGUMENT, "no region has an input \"c_x\"");
    a.coupling[0].to = NULL;
    a.coupling[0].from = "rato";
    expect_refusal(&a, CAL_ERR_ARGUMENT, "no region has an output \"rato\"");
    a.coupling[0].from = NULL;
    a.coupling[0].kind = CAL_COUPLING_KURAMOTO;
    expect_refusal(&a, CAL_ERR_ARGUMENT, "kuramoto coupling needs a phase");
    a.coupling[0].kind = CAL_COUPLING_LINEAR;
    a.def.dt = 300000;
    expect_refusal(&a, CAL_ERR_ARGUMENT, "the window 8 ms is not a multiple of the step 0.3 ms");
    a.def.dt = 0;
    const cal_nmm_noise noise[2] = {{.state = "V", .level = 0.1}, {.state = "W", .level = 0.1, .tau_ms = 2}};
    a.def.noises = noise;
    a.def.n_noises = 1;
    expect_refusal(&a, CAL_ERR_UNSUPPORTED, "white noise on V cannot be integrated by rk4");
    a.def.noises = noise + 1;
    expect_refusal(&a, CAL_ERR_ARGUMENT, "noise on \"W\"");
    a.def.n_noises = 0;
    const cal_nmm_stimulus stimulus = {.region = 3};
    a.def.stimuli = &stimulus;
    a.def.n_stimuli = 1;
    expect_refusal(&a, CAL_ERR_ARGUMENT, "a stimulus into region 3 of 3");
    net_free(&a);
}

Test(nmm_setup, borders_need_delays_as_long_as_the_window)
{
    net a = net_make(2, "mpr", 1);
    a.regions[1].model = NULL;
    a.def.window = 5 * CAL_NS_PER_MS;
    net_edge(&a, 1, 0, 1.0, 0.81);
    net_edge(&a, 0, 1, 1.0, 9.0);
    expect_refusal(&a, CAL_ERR_INPUT,
                   "C201 window 5 ms is longer than the smallest delay 0.81 ms (region_000 -> "
                   "region_001). Longest legal window here: 0.8 ms.");
    net_edge(&a, 1, 0, 1.0, 0.0);
    expect_refusal(&a, CAL_ERR_INPUT,
                   "C203 \"region_001\" is connected to \"region_000\" with delay 0, so no window exists.");
    net_edge(&a, 1, 0, 1.0, 9.0);
    a.def.lag = 10 * CAL_NS_PER_MS;
    expect_refusal(&a, CAL_ERR_INPUT, "C201 2 windows of 5 ms are longer than the smallest delay 9 ms");
    a.def.lag = 0;
    a.coupling[0].kind = CAL_COUPLING_DIFFERENCE;
    expect_refusal(&a, CAL_ERR_UNSUPPORTED, "difference coupling into region_001");
    a.coupling[0].kind = CAL_COUPLING_LINEAR;
    net_create(&a);
    size_t from, to;
    cr_expect(eq(dbl, cal_nmm_min_external_delay_ms(a.nmm, &from, &to), 9.0));
    net_free(&a);
}

/* V' = V^2 without anything that holds it goes to infinity at t = 1 / V(0), in region 1 only. */
static void expect_blow_up(cal_integrator integrator)
{
    net a = net_make(3, "mpr", 1);
    for (size_t i = 0; i < 3; i++) {
        net_set(&a, i, "J", 0.0);
        net_set(&a, i, "Delta", 0.0);
        net_set(&a, i, "eta", i == 1 ? 0.0 : -5.0);
        a.initial[i * NET_MAX_ROWS] = 0.0;
        a.initial[i * NET_MAX_ROWS + 1] = i == 1 ? 0.05 : -2.0;
    }
    a.def.integrator = integrator;
    net_create(&a);
    cr_expect(eq(int, net_run(&a, 100 * CAL_NS_PER_MS), CAL_ERR_NUMERIC));
    const char *message = cal_context_message(a.ctx);
    /* when V overflows within a step, r does so in the same one */
    cr_expect(strncmp(message, "E302 region_001: ", 17) == 0, "%s", message);
    cr_expect(message[17] == 'V' || message[17] == 'r', "%s", message);
    cr_expect(strstr(message, " 0.02") != NULL || strstr(message, " 0.01999") != NULL, "%s", message);
    cal_context_clear(a.ctx);
    cr_expect(eq(int, cal_nmm_advance(a.nmm, cal_nmm_time(a.nmm) + a.def.window), CAL_ERR_STATE));
    net_free(&a);
}

Test(nmm_errors, a_state_that_blows_up_is_named_with_its_time)
{
    for (int k = 1; k < CAL_N_INTEGRATORS; k++)
        expect_blow_up((cal_integrator)k);
}

Test(nmm_setup, auto_follows_its_rule)
{
    const cal_nmm_noise white = {.state = "S", .level = 0.01};
    const char *reason = NULL;
    net a = net_make(2, "reduced-wong-wang", 1);
    a.def.integrator = CAL_INTEGRATOR_AUTO;
    net_edge(&a, 0, 1, 1.0, 0.0);
    net_create(&a);
    cr_expect(eq(int, cal_nmm_integrator(a.nmm, &reason), CAL_CVODE_BDF));
    cr_expect(strstr(reason, "slow or stiff") != NULL);
    cr_expect(eq(i64, cal_nmm_dt(a.nmm), CAL_NS_PER_MS / 4));
    net_restart(&a);
    net_edge(&a, 0, 1, 1.0, 10.0);
    net_create(&a);
    cr_expect(eq(int, cal_nmm_integrator(a.nmm, NULL), CAL_RK4));
    cr_expect(eq(i64, cal_nmm_dt(a.nmm), CAL_NS_PER_MS / 10));
    net_restart(&a);
    a.def.noises = &white;
    a.def.n_noises = 1;
    net_create(&a);
    cr_expect(eq(int, cal_nmm_integrator(a.nmm, NULL), CAL_SRA1));
    net_restart(&a);
    const cal_nmm_noise affine = {.state = "S", .level = 0.01, .form = CAL_NOISE_AFFINE, .a = 1.0, .b = 0.1};
    a.def.noises = &affine;
    net_create(&a);
    cr_expect(eq(int, cal_nmm_integrator(a.nmm, NULL), CAL_HEUN));
    net_restart(&a);
    a.def.integrator = CAL_SRA1;
    expect_refusal(&a, CAL_ERR_UNSUPPORTED, "sra1 takes additive noise only");
    net_free(&a);
    net b = net_make(2, "jansen-rit", 1);
    b.def.integrator = CAL_INTEGRATOR_AUTO;
    net_create(&b);
    cr_expect(eq(int, cal_nmm_integrator(b.nmm, &reason), CAL_RK4));
    cr_expect(strstr(reason, "one step for all") != NULL);
    net_free(&b);
}

/* One slow model beside one that is not: steps that follow the solution. Corners on the grid ask for RK4. */
Test(nmm_setup, auto_minds_mixed_models_and_corners)
{
    const double zeros[2] = {0.0, 1.0};
    const cal_nmm_stimulus noisy = {.region = -1, .wave = cal_waveform_find("noise")};
    const cal_nmm_stimulus samples = {.region = -1, .wave = cal_waveform_find("file"), .times_ms = zeros, .values = zeros,
                                      .n_samples = 2};
    const cal_nmm_stimulus smooth = {.region = -1, .wave = cal_waveform_find("chirp")};
    const cal_nmm_noise coloured = {.state = "S", .level = 0.01, .tau_ms = 5.0};
    const char *reason = NULL;
    net a = net_make(2, "reduced-wong-wang", 1);
    a.def.integrator = CAL_INTEGRATOR_AUTO;
    const cal_nmm_stimulus *stimuli[] = {&noisy, &samples, &smooth};
    for (size_t k = 0; k < 3; k++) {
        a.def.stimuli = stimuli[k];
        a.def.n_stimuli = 1;
        net_create(&a);
        cr_expect(eq(int, cal_nmm_integrator(a.nmm, &reason), k < 2 ? CAL_RK4 : CAL_CVODE_BDF), "%zu", k);
        const bool says_corners = strstr(reason, "corners on the grid") != NULL;
        cr_expect(says_corners == (k < 2));
        net_restart(&a);
    }
    a.def.noises = &coloured;
    a.def.n_noises = 1;
    net_create(&a);
    cr_expect(eq(int, cal_nmm_integrator(a.nmm, NULL), CAL_RK4));
    net_restart(&a);
    a.def.n_noises = a.def.n_stimuli = 0;
    a.regions[1] = (cal_nmm_region){.model = cal_nmm_model_find("generic-2d-oscillator")};
    net_create(&a);
    cr_expect(eq(int, cal_nmm_integrator(a.nmm, &reason), CAL_CVODE_ADAMS));
    cr_expect(strstr(reason, "some models are slow or stiff") != NULL);
    net_free(&a);
}

/* ---- external regions ------------------------------------------------------------------------------ */

/* A region computed elsewhere and written as points at the grid leaves no trace: with delays of at least
 * the lag and two steps the others get the same bits. */
static void expect_same_with_external(unsigned lag, cal_integrator integrator)
{
    enum { N = 6, OUT = 2 };
    net whole = net_make(N, "mpr", 1), parts = net_make(N, "mpr", 1);
    net *both[2] = {&whole, &parts};
    for (int k = 0; k < 2; k++) {
        net *a = both[k];
        for (size_t i = 0; i < N; i++) {
            net_set(a, i, "eta", -5.0 + 0.2 * (double)i);
            for (size_t j = 0; j < N; j++) /* far, near, and on and off the grid */
                if (i != j)
                    net_edge(a, i, j, 0.3 + 0.1 * (double)j, 2.3 + 0.37 * (double)(i + 2 * j));
        }
        a->def.window = CAL_NS_PER_MS;
        a->def.lag = lag * CAL_NS_PER_MS;
        a->def.integrator = integrator;
        a->regions[OUT].external_initial = a->initial[OUT * NET_MAX_ROWS];
        if (k == 1)
            a->regions[OUT].model = NULL;
        net_create(a);
    }
    size_t probe, n;
    const cal_probe_def def = {.what = "r", .every = CAL_NS_PER_MS / 10};
    cr_assert(cal_nmm_add_probe(whole.nmm, &def, &probe, NULL) == CAL_OK);
    cr_assert(cal_nmm_set_samples(parts.nmm, OUT, CAL_SAMPLES_POINTS) == CAL_OK);
    for (int k = 0; k < 60; k++) {
        const cal_time until = (k + 1) * CAL_NS_PER_MS;
        double drive[11], expected[11];
        cr_assert(cal_nmm_read_drive(parts.nmm, OUT, 0, k * CAL_NS_PER_MS, 10, drive) == CAL_OK, "%s",
                  cal_context_message(parts.ctx));
        for (int64_t j = 0; j <= 10; j++) { /* what the region itself would have got */
            expected[j] = 0.0;
            const cali_edges *edges = whole.nmm->wirings[0].delayed;
            const double *ring = cali_nmm_ring(whole.nmm, 0, k * 10 + j);
            for (int reach = 0; reach < CALI_NEAR; reach++)
                whole.nmm->kernels->gather(&edges[reach], whole.nmm->position[OUT], 1, 1, ring, 1, reach > 0,
                                           &expected[j]);
            whole.nmm->kernels->gather_one(&edges[CALI_NEAR], whole.nmm->position[OUT], 1, ring, &expected[j]);
        }
        cr_assert(cal_nmm_advance(parts.nmm, until) == CAL_OK, "%s", cal_context_message(parts.ctx));
        cr_assert(cal_nmm_advance(whole.nmm, until) == CAL_OK);
        const double *rows = cal_nmm_probe_rows(whole.nmm, probe, &n);
        double values[10];
        for (size_t j = 0; j < 10; j++)
            values[j] = rows[j * N + OUT];
        cr_assert(cal_nmm_write(parts.nmm, OUT, values, 10) == CAL_OK);
        for (size_t i = 0; i < N; i++)
            if (i != OUT)
                cr_expect(eq(dbl, net_state(&parts, i, 1), net_state(&whole, i, 1)), "region %zu", i);
        for (int j = 0; j <= 10; j++)
            cr_expect(eq(dbl, drive[j], expected[j]), "drive at %d", j);
    }
    net_free(&whole);
    net_free(&parts);
}

Test(nmm_exchange, points_from_outside_give_the_same_bits_as_a_region_inside)
{
    expect_same_with_external(1, CAL_RK4);
    expect_same_with_external(2, CAL_RK4);
    expect_same_with_external(1, CAL_HEUN);
    expect_same_with_external(1, CAL_EULER);
    expect_same_with_external(1, CAL_HEUN_HELD);
    expect_same_with_external(1, CAL_RK4_HELD);
}

/* Bins of a ramp 0.1 t arrive as w 0.1 (t - tau): straight lines pass the linear stencil unharmed. */
Test(nmm_exchange, bins_arrive_as_values_at_their_centres)
{
    net a = net_make(3, NULL, 1);
    net_edge(&a, 1, 0, 2.0, 2.345);
    net_edge(&a, 2, 0, 2.0, 1.0); /* as long as the window: one-sided at the newest end */
    a.def.window = CAL_NS_PER_MS;
    net_create(&a);
    double values[10], drive[11];
    for (int k = 0; k < 12; k++) {
        for (size_t region = 1; region < 3 && k >= 5; region++) {
            cr_assert(cal_nmm_read_drive(a.nmm, region, 0, k * CAL_NS_PER_MS, 10, drive) == CAL_OK, "%s",
                      cal_context_message(a.ctx));
            for (int j = 0; j <= 10; j++)
                cr_expect(epsilon_eq(dbl, drive[j],
                                     2.0 * 0.1 * (k + 0.1 * j - (region == 1 ? 2.345 : 1.0)), 1e-12));
        }
        for (int j = 0; j < 10; j++)
            values[j] = 0.1 * (k + 0.1 * (j + 0.5));
        cr_assert(cal_nmm_write(a.nmm, 0, values, 10) == CAL_OK);
        cr_assert(cal_nmm_advance(a.nmm, (k + 1) * CAL_NS_PER_MS) == CAL_OK);
    }
    net_free(&a);
}

/* The sum over time of what arrives is the weight times the sum of what was sent. */
Test(nmm_exchange, what_is_sent_arrives)
{
    net a = net_make(2, NULL, 1);
    net_edge(&a, 1, 0, 0.7, 3.3717);
    a.def.window = CAL_NS_PER_MS;
    net_create(&a);
    double sent = 0.0, received = 0.0;
    for (uint32_t k = 0; k < 40; k++) {
        double values[10], drive[11];
        cr_assert(cal_nmm_read_drive(a.nmm, 1, 0, k * CAL_NS_PER_MS, 10, drive) == CAL_OK);
        for (uint32_t j = 0; j < 10; j++) {
            values[j] = k < 30 ? cali_uniform(cali_philox(cali_key_from_seed(3), k, j, 0, 0).word[0], 1) : 0;
            sent += values[j];
            received += drive[j + 1];
        }
        cr_assert(cal_nmm_write(a.nmm, 0, values, 10) == CAL_OK);
        cr_assert(cal_nmm_advance(a.nmm, (k + 1) * CAL_NS_PER_MS) == CAL_OK);
    }
    cr_expect(epsilon_eq(dbl, received, 0.7 * sent, 1e-12 * sent));
    net_free(&a);
}

Test(nmm_exchange, calls_out_of_order_are_refused)
{
    net a = net_make(2, "mpr", 1);
    a.regions[1].model = NULL;
    net_edge(&a, 0, 1, 1.0, 2.0);
    net_edge(&a, 1, 0, 1.0, 2.0);
    a.def.window = CAL_NS_PER_MS;
    net_create(&a);
    double values[40] = {0.0};
    cr_expect(eq(int, cal_nmm_read_drive(a.nmm, 1, 0, 0, 11, values), CAL_ERR_STATE));
    cal_context_clear(a.ctx);
    cr_expect(eq(int, cal_nmm_read_drive(a.nmm, 0, 0, 0, 10, values), CAL_ERR_ARGUMENT));
    cal_context_clear(a.ctx);
    cr_expect(eq(int, cal_nmm_advance(a.nmm, CAL_NS_PER_MS), CAL_OK));
    cr_expect(eq(int, cal_nmm_advance(a.nmm, 2 * CAL_NS_PER_MS), CAL_ERR_STATE));
    cr_expect(strstr(cal_context_message(a.ctx),
                     "the output of region_001 is known up to 0 ms, needed up to 1 ms") != NULL);
    cal_context_clear(a.ctx);
    cr_expect(eq(int, cal_nmm_write(a.nmm, 1, values, 40), CAL_ERR_STATE));
    cal_context_clear(a.ctx);
    cr_expect(eq(int, cal_nmm_set_samples(a.nmm, 1, CAL_SAMPLES_POINTS), CAL_ERR_STATE));
    cal_context_clear(a.ctx);
    cr_expect(eq(int, cal_nmm_advance(a.nmm, 5 * CAL_NS_PER_MS), CAL_ERR_STATE));
    cal_context_clear(a.ctx);
    values[3] = NAN;
    cr_expect(eq(int, cal_nmm_write(a.nmm, 1, values, 10), CAL_ERR_NUMERIC));
    net_free(&a);
}

/* ---- probes ---------------------------------------------------------------------------------------- */

/* theta = omega t: points are the phase itself, means the phase in the middle. Region 1 has no phase. */
Test(nmm_probes, points_and_means_stand_where_they_should)
{
    net a = net_make(2, "kuramoto", 1);
    a.regions[1] = (cal_nmm_region){.model = cal_nmm_model_find("mpr")};
    a.def.n_couplings = 0;
    a.def.window = 2 * CAL_NS_PER_MS;
    net_create(&a);
    size_t point, mean, slow, n;
    const char *unit;
    const cal_probe_def defs[3] = {{.what = "theta", .every = CAL_NS_PER_MS, .is_mean = false}, {.what = "theta", .every = CAL_NS_PER_MS, .is_mean = true},
                                   {.what = "theta", .every = 5 * CAL_NS_PER_MS, .is_mean = true}};
    cr_assert(cal_nmm_add_probe(a.nmm, &defs[0], &point, &unit) == CAL_OK);
    cr_assert(cal_nmm_add_probe(a.nmm, &defs[1], &mean, NULL) == CAL_OK);
    cr_assert(cal_nmm_add_probe(a.nmm, &defs[2], &slow, NULL) == CAL_OK);
    cr_expect(eq(str, (char *)unit, "rad"));
    size_t n_slow = 0;
    for (int k = 0; k < 10; k++) {
        cr_assert(cal_nmm_advance(a.nmm, 2 * (k + 1) * CAL_NS_PER_MS) == CAL_OK);
        const double *p = cal_nmm_probe_rows(a.nmm, point, &n);
        cr_expect(eq(sz, n, 2));
        cr_expect(epsilon_eq(dbl, p[0], 2.0 * k + 1.0, 1e-12));
        cr_expect(epsilon_eq(dbl, p[2], 2.0 * k + 2.0, 1e-12));
        cr_expect(isnan(p[1]));
        const double *m = cal_nmm_probe_rows(a.nmm, mean, &n);
        cr_expect(epsilon_eq(dbl, m[2], 2.0 * k + 1.5, 1e-12));
        const double *s = cal_nmm_probe_rows(a.nmm, slow, &n);
        if (n == 1)
            cr_expect(epsilon_eq(dbl, s[0], 5.0 * (double)n_slow + 2.5, 1e-12));
        n_slow += n;
    }
    cr_expect(eq(sz, n_slow, 4));
    cr_expect(eq(int, cal_nmm_add_probe(a.nmm, &defs[0], &point, NULL), CAL_ERR_STATE));
    net_free(&a);
    net b = net_make(2, "kuramoto", 1);
    net_create(&b);
    const cal_probe_def wrong[2] = {{.what = "phi", .every = CAL_NS_PER_MS, .is_mean = false}, {.what = "theta", .every = 150000, .is_mean = false}};
    cr_expect(eq(int, cal_nmm_add_probe(b.nmm, &wrong[0], &point, NULL), CAL_ERR_ARGUMENT));
    cr_expect(strstr(cal_context_message(b.ctx), "no region has \"phi\"") != NULL);
    cal_context_clear(b.ctx);
    cr_expect(eq(int, cal_nmm_add_probe(b.nmm, &wrong[1], &point, NULL), CAL_ERR_ARGUMENT));
    net_free(&b);
}

/* ---- coupling -------------------------------------------------------------------------------------- */

/* Phases at rest: what arrives is the formula of the header, term by term. */
Test(nmm_coupling, kinds_are_the_formulas_of_the_header)
{
    const cal_coupling_kind kinds[4] = {CAL_COUPLING_LINEAR, CAL_COUPLING_SIGMOIDAL,
                                        CAL_COUPLING_DIFFERENCE, CAL_COUPLING_KURAMOTO};
    for (int is_delayed = 0; is_delayed < 2; is_delayed++)
        for (int k = 0; k < 4; k++) {
            net a = net_make(2, "kuramoto", 1);
            cal_coupling *c = a.coupling;
            *c = (cal_coupling){.kind = kinds[k], .a = 0.3, .b = 0.2, .cmin = -0.5, .cmax = 1.5,
                                .midpoint = 0.4, .sigma = 2.0};
            for (size_t i = 0; i < 2; i++) {
                net_set(&a, i, "omega", 0.0);
                a.initial[i * NET_MAX_ROWS] = i == 0 ? 0.5 : 1.3;
            }
            net_edge(&a, 0, 1, 0.8, is_delayed ? 50.0 : 0.0);
            a.def.gain = 1.7;
            const double s = 1.7 * 0.8 * 1.3, w = 1.7 * 0.8;
            const double expected[4] = {
                0.3 * s + 0.2, -0.5 + 2.0 / (1.0 + exp(-0.3 * (s - 0.4) / 2.0)),
                0.3 * (s - w * 0.5), 0.3 * w * sin(1.3 - 0.5)};
            a.def.dt = 1000; /* one short step: its slope */
            a.def.window = 1000;
            net_create(&a);
            cr_assert(cal_nmm_advance(a.nmm, 1000) == CAL_OK);
            const double slope = (net_state(&a, 0, 0) - 0.5) / 1e-3;
            cr_expect(epsilon_eq(dbl, slope, expected[k], 2e-3), "%s", cal_coupling_names[kinds[k]]);
            net_free(&a);
        }
}

/* ---- the same bits --------------------------------------------------------------------------------- */

static uint64_t mixed_hash(unsigned n_threads, const char *isa, cal_integrator integrator, int64_t window_ms,
                           bool has_instant)
{
    enum { N = 200 };
    setenv("CALLOSUM_ISA", isa, 1);
    net a = net_make(N, "mpr", n_threads);
    for (uint32_t i = 0; i < N; i++) {
        if (i % 3 == 1)
            a.regions[i] = (cal_nmm_region){.model = cal_nmm_model_find("jansen-rit")};
        else
            a.initial[i * NET_MAX_ROWS] = 0.05 + 0.001 * i;
        for (uint32_t j = 0; j < N; j++) {
            const cali_random r = cali_philox(cali_key_from_seed(11), i, j, 0, 0);
            const double u = cali_uniform(r.word[0], r.word[1]);
            if (u < 0.2)
                net_edge(&a, i, j, 0.02 * u, 0.5 + 200.0 * u);
        }
    }
    if (has_instant)
        net_edge(&a, 5, 5, 0.01, 0.0);
    a.coupling[0].from = "rate"; /* two kinds of masses: one term for each input */
    a.coupling[0].to = "c_r";
    a.coupling[1] = cal_coupling_default();
    a.coupling[1].kind = CAL_COUPLING_DIFFERENCE;
    a.coupling[1].from = "rate";
    a.coupling[1].to = "c";
    a.coupling[1].a = 0.01;
    a.def.n_couplings = 2;
    const cal_nmm_noise noises[2] = {{.state = "y4", .level = 0.01, .tau_ms = 5.0},
                                     {.state = "V", .level = 0.05}};
    const cal_nmm_stimulus stimulus = {.region = -1, .amplitude = 0.1, .frequency_Hz = 11.0,
                                       .start = 2 * CAL_NS_PER_MS};
    a.def.noises = noises;
    a.def.n_noises = cal_integrators[integrator].takes_white ? 2 : 1;
    a.def.stimuli = &stimulus;
    a.def.n_stimuli = 1;
    a.def.integrator = integrator;
    a.def.window = window_ms * CAL_NS_PER_MS;
    a.def.dt = CAL_NS_PER_MS / 10;
    net_create(&a);
    cr_assert(net_run(&a, 24 * CAL_NS_PER_MS) == CAL_OK, "%s", cal_context_message(a.ctx));
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < N; i++) {
        double x[8] = {0.0};
        cal_nmm_get_state(a.nmm, i, x);
        for (int s = 0; s < 6; s++)
            hash = (hash ^ cali_bits_f64(x[s])) * 1099511628211u;
    }
    cr_expect(cal_nmm_get_counts(a.nmm).n_near_edges > 0 || cal_integrators[integrator].is_adaptive);
    net_free(&a);
    return hash;
}

Test(nmm_bits, are_equal_for_any_number_of_threads_instruction_set_and_window)
{
    for (int k = 1; k < CAL_N_INTEGRATORS; k++) {
        const cal_integrator integrator = (cal_integrator)k;
        const char *name = cal_integrator_names[k];
        const uint64_t one = mixed_hash(1, "base", integrator, 8, true);
        for (unsigned n = 2; n <= 8; n += n == 3 ? 5 : 1)
            cr_expect(eq(u64, mixed_hash(n, "base", integrator, 8, true), one), "%s, %u threads", name, n);
        cr_expect(eq(u64, mixed_hash(2, "v3", integrator, 8, true), one), "%s", name);
        cr_expect(eq(u64, mixed_hash(2, "v4", integrator, 8, true), one), "%s", name);
        if (!cal_integrators[k].is_adaptive) /* their steps end at windows */
            cr_expect(eq(u64, mixed_hash(2, "v4", integrator, 3, true), one), "%s", name);
        const uint64_t without = mixed_hash(1, "base", integrator, 8, false);
        cr_expect(ne(u64, without, one), "%s", name);
        cr_expect(eq(u64, mixed_hash(3, "v4", integrator, 8, false), without), "%s", name);
    }
}
