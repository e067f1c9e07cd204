/* callosum/coupler.h: what is checked, what is said, what a window leaves. */
#include "support/pair.h"

#include <criterion/new/assert.h>

static const cal_time DT = CAL_NS_PER_MS / 10;

static char *message(const pair *p)
{
    return (char *)cal_context_message(p->ctx);
}

static cal_status try_coupler(pair *p, cal_time window, unsigned lag, double speed, cal_coupler **out)
{
    cal_nmm *nmm = pair_host(p, false, lag * window <= 2 * CAL_NS_PER_MS ? window : DT, lag);
    cal_coupler_def def = cal_coupler_def_default();
    def.window = window;
    def.lag = lag;
    def.connectome = p->connectome;
    def.speed_mm_per_ms = speed;
    const cal_status status = cal_coupler_create(p->ctx, &def, &nmm, out);
    cr_expect(eq(ptr, nmm, NULL)); /* given away, also on failure */
    return status;
}

Test(coupler, a_window_beyond_the_smallest_delay_is_refused_with_the_edge_and_the_longest)
{
    pair p = pair_make(false, 2.0, DT, 1);
    cal_coupler *coupler = NULL;
    cr_expect(eq(int, try_coupler(&p, 5 * CAL_NS_PER_MS, 1, 0.0, &coupler), CAL_ERR_INPUT));
    cr_expect(eq(ptr, coupler, NULL));
    cr_expect(eq(str, message(&p), "C201 window 5 ms is longer than the smallest delay 2 ms (B -> A). Longest legal"
                                   " window here: 2 ms."));
    cal_context_clear(p.ctx);
    /* the lengths of this pair are its delays: 2 mm at 1 mm/ms */
    cr_expect(eq(int, try_coupler(&p, 21 * DT, 1, 1.0, &coupler), CAL_ERR_INPUT));
    cr_expect(eq(str, message(&p), "C201 window 2.1 ms is longer than the smallest delay 2 ms (B -> A, 2 mm at 1 mm/ms)."
                                   " Longest legal window here: 2 ms."));
    cal_context_clear(p.ctx);
    cr_expect(eq(int, try_coupler(&p, 11 * DT, 2, 0.0, &coupler), CAL_ERR_INPUT));
    cr_expect(eq(str, message(&p), "C201 window 1.1 ms is longer than half the smallest delay 2 ms (B -> A). Longest"
                                   " legal window here: 1 ms."));
    cal_context_clear(p.ctx);
    cr_expect(eq(int, try_coupler(&p, 10 * DT, 2, 0.0, &coupler), CAL_OK));
    cal_coupler_destroy(&coupler);
    cr_expect(eq(ptr, coupler, NULL));
    cal_coupler_destroy(&coupler);
    cr_expect(eq(int, try_coupler(&p, 20 * DT, 1, 0.0, &coupler), CAL_OK));
    cal_coupler_destroy(&coupler);
    pair_free(&p);
}

Test(coupler, windows_off_the_grid_and_other_lags_are_refused)
{
    pair p = pair_make(false, 2.0, DT, 1);
    cal_coupler *coupler = NULL;
    for (unsigned lag = 0; lag <= 3; lag += 3) {
        cr_expect(eq(int, try_coupler(&p, DT, lag, 0.0, &coupler), CAL_ERR_ARGUMENT));
        cal_context_clear(p.ctx);
    }
    cal_nmm *nmm = pair_host(&p, false, CAL_NS_PER_MS, 1);
    cal_coupler_def def = cal_coupler_def_default();
    def.window = CAL_NS_PER_MS / 3;
    cr_expect(eq(int, cal_coupler_create(p.ctx, &def, &nmm, &coupler), CAL_ERR_ARGUMENT));
    pair_free(&p);
}

Test(coupler, the_longest_window_divides_the_duration_and_fits_the_delay)
{
    const cal_time ms = CAL_NS_PER_MS;
    cr_expect(eq(i64, cal_coupler_longest_window(0.81, ms / 10, 1, 0), 8 * ms / 10));
    cr_expect(eq(i64, cal_coupler_longest_window(0.81, ms / 10, 2, 0), 4 * ms / 10));
    cr_expect(eq(i64, cal_coupler_longest_window(2.44 / 3.0, ms / 10, 1, 1000 * ms), 8 * ms / 10));
    cr_expect(eq(i64, cal_coupler_longest_window(0.3, ms / 10, 1, 0), 3 * ms / 10)); /* 299999.99999999994 ns */
    cr_expect(eq(i64, cal_coupler_longest_window(0.7, ms / 10, 1, 1000 * ms), 5 * ms / 10)); /* 0.7 does not divide */
    cr_expect(eq(i64, cal_coupler_longest_window(0.09, ms / 10, 1, 0), 0));
    cr_expect(eq(i64, cal_coupler_longest_window(INFINITY, ms / 10, 1, 1000 * ms), 1000 * ms));
    cr_expect(gt(i64, cal_coupler_longest_window(INFINITY, ms / 10, 2, 0), 1000000 * ms));
    cr_expect(eq(i64, cal_coupler_longest_window(5.0, ms / 10, 1, ms + 1), 0));
    cr_expect(eq(i64, cal_coupler_longest_window(NAN, ms, 1, 0), 0));
}

/* Adding B with ports and links as told; what is wrong is said. */
static void expect_refusal(pair *p, mass *m, size_t region, const cal_link *links, size_t n, cal_status status,
                           const char *text)
{
    cal_coupler *coupler = NULL;
    cr_assert(eq(int, try_coupler(p, CAL_NS_PER_MS, 1, 0.0, &coupler), CAL_OK));
    cr_expect(eq(int, cal_coupler_add(coupler, "B", region, &mass_ops, m, links, n), status));
    cr_expect(eq(str, message(p), (char *)text));
    cr_expect(eq(sz, cal_coupler_n_subs(coupler), 0));
    cal_context_clear(p->ctx);
    cal_coupler_destroy(&coupler);
}

static cal_link link_of(const char *transducer, size_t port)
{
    return (cal_link){.transducer = cal_transducer_find(transducer), .port = port};
}

Test(coupler, links_that_do_not_fit_are_refused_by_name)
{
    pair p = pair_make(false, 2.0, DT, 1);
    const cal_time w = CAL_NS_PER_MS;
    const cal_link good[] = {link_of("current", 0), link_of("mean", 1)};
    mass *m = pair_mass(&p, w, 10, NULL);

    expect_refusal(&p, m, 1, good, 1, CAL_ERR_ARGUMENT, "B gives nothing to the host: link one of its outputs");
    expect_refusal(&p, pair_mass(&p, w, 10, NULL), 1, good + 1, 1, CAL_ERR_ARGUMENT,
                   "B: input port drive has 0 links, it needs exactly one");
    const cal_link twice[] = {good[0], good[0], good[1]};
    expect_refusal(&p, pair_mass(&p, w, 10, NULL), 1, twice, 3, CAL_ERR_ARGUMENT,
                   "B: input port drive has 2 links, it needs exactly one");
    const cal_link unit[] = {link_of("poisson", 0), good[1]};
    expect_refusal(&p, pair_mass(&p, w, 10, NULL), 1, unit, 2, CAL_ERR_ARGUMENT,
                   "B: transducer poisson does not fit port drive of unit 1; it gives Hz");
    const cal_link rate[] = {good[0], link_of("rate", 1)};
    expect_refusal(&p, pair_mass(&p, w, 10, NULL), 1, rate, 2, CAL_ERR_ARGUMENT,
                   "B: transducer rate does not fit port output of unit 1; it takes Hz");
    const cal_link spikes[] = {link_of("shared-poisson", 0), good[1]};
    expect_refusal(&p, pair_mass(&p, w, 10, NULL), 1, spikes, 2, CAL_ERR_ARGUMENT,
                   "B: transducer shared-poisson does not fit port drive of unit 1; it gives event");
    const cal_link backwards[] = {link_of("current", 1), good[1]};
    expect_refusal(&p, pair_mass(&p, w, 10, NULL), 1, backwards, 2, CAL_ERR_ARGUMENT,
                   "B: transducer current writes inputs, but port output is an output");
    const cal_link nowhere[] = {link_of("current", 7), good[1]};
    expect_refusal(&p, pair_mass(&p, w, 10, NULL), 1, nowhere, 2, CAL_ERR_ARGUMENT,
                   "B: transducer current at port 7, but there are 2");
    const cal_link unknown[] = {{.port = 0}, good[1]};
    expect_refusal(&p, pair_mass(&p, w, 10, NULL), 1, unknown, 2, CAL_ERR_ARGUMENT,
                   "B: a link without a known transducer");
    const double bad[] = {NAN, 0.0};
    cal_link param[] = {good[0], good[1]};
    param[0].params = bad;
    expect_refusal(&p, pair_mass(&p, w, 10, NULL), 1, param, 2, CAL_ERR_ARGUMENT,
                   "B: gain of transducer current is nan port/coupling, its range is -inf to inf");
    pair_free(&p);
}

Test(coupler, places_and_windows_that_do_not_fit_are_refused)
{
    pair p = pair_make(false, 2.0, DT, 1);
    const cal_time w = CAL_NS_PER_MS;
    const cal_link good[] = {link_of("current", 0), link_of("mean", 1)};
    expect_refusal(&p, pair_mass(&p, w, 3, NULL), 1, good, 2, CAL_ERR_ARGUMENT,
                   "3 samples per window do not fit the host's 10 steps: one number must divide the other");
    expect_refusal(&p, pair_mass(&p, w / 2, 5, NULL), 1, good, 2, CAL_ERR_ARGUMENT,
                   "B was built for windows of 0.5 ms, not 1 ms");
    expect_refusal(&p, pair_mass(&p, w, 10, NULL), 0, good, 2, CAL_ERR_ARGUMENT,
                   "A is computed by the host, not elsewhere");
    expect_refusal(&p, pair_mass(&p, w, 10, NULL), 2, good, 2, CAL_ERR_ARGUMENT, "B: region 2, but there are 2");
    mass *points = pair_mass(&p, w, 0, NULL);
    points->ports[1].samples = 5;
    expect_refusal(&p, points, 1, good, 2, CAL_ERR_ARGUMENT,
                   "B: port output gives 5 points per window, the host needs one per step (10)");

    cal_coupler *coupler = NULL;
    cr_assert(eq(int, try_coupler(&p, w, 1, 0.0, &coupler), CAL_OK));
    cr_expect(eq(int, cal_coupler_add(coupler, "B", 1, &mass_ops, pair_mass(&p, w, 10, NULL), good, 2), CAL_OK));
    cr_expect(eq(int, cal_coupler_add(coupler, "B2", 1, &mass_ops, pair_mass(&p, w, 10, NULL), good, 2),
                 CAL_ERR_ARGUMENT));
    cr_expect(eq(str, message(&p), "B and B2 stand in the place of region 1"));
    cal_context_clear(p.ctx);
    cr_expect(eq(int, cal_coupler_advance(coupler), CAL_OK));
    cr_expect(eq(int, cal_coupler_add(coupler, "late", 1, &mass_ops, pair_mass(&p, w, 10, NULL), good, 2),
                 CAL_ERR_STATE));
    cal_coupler_destroy(&coupler);
    pair_free(&p);
}

/* Two GIVES links of one port: the output is their sum; it reaches A after delay and lag, not before. */
Test(coupler, outputs_are_summed_and_reported)
{
    pair p = pair_make(true, 2.0, DT, 1);
    cal_coupler *coupler = NULL;
    const double half[] = {0.5, 0.25}, rest[] = {1.5, 0.0};
    cal_link links[] = {link_of("current", 0), link_of("mean", 1), link_of("mean", 1)};
    links[1].params = half;
    links[2].params = rest;
    cr_assert(eq(int, try_coupler(&p, CAL_NS_PER_MS, 2, 0.0, &coupler), CAL_OK));
    cr_assert(eq(int, cal_coupler_add(coupler, "B", 1, &mass_ops, pair_mass(&p, CAL_NS_PER_MS, 2, NULL), links, 3),
                 CAL_OK));
    size_t n;
    cal_coupler_output(coupler, 0, &n);
    cr_expect(eq(sz, n, 0));
    for (int k = 0; k < 6; k++) {
        cr_assert(eq(int, cal_coupler_advance(coupler), CAL_OK));
        cr_expect(eq(i64, cal_coupler_time(coupler), (k + 1) * CAL_NS_PER_MS));
        const double *y = cal_coupler_output(coupler, 0, &n), *v = cal_coupler_port_values(coupler, 0, 1);
        cr_expect(eq(sz, n, 10));
        for (size_t i = 0; i < n; i++)
            cr_expect(epsilon_eq(dbl, y[i], 2.0 * v[i / 5] + 0.25, 1e-15));
    }
    const cal_coupler_cost cost = cal_coupler_get_cost(coupler);
    cr_expect(eq(u64, cost.n_windows, 6));
    cr_expect(gt(dbl, cost.host_s, 0.0));
    cr_expect(gt(dbl, cost.sub_s[0], 0.0));
    cr_expect(gt(dbl, cost.exchange_s, 0.0));
    cr_expect(ge(dbl, cost.total_s, cost.host_s + cost.sub_s[0] + cost.exchange_s - 1e-6)); /* one thread */
    cr_expect(eq(sz, cal_coupler_spikes(coupler, 0).n, 0)); /* it offers none */
    cr_expect(eq(str, (char *)cal_coupler_sub_name(coupler, 0), "B"));
    cr_expect(eq(sz, cal_coupler_sub_region(coupler, 0), 1));
    cal_coupler_destroy(&coupler);
    pair_free(&p);
}

Test(coupler, a_failure_names_the_region_and_ends_the_run)
{
    for (int infinite = 0; infinite < 2; infinite++) {
        pair p = pair_make(false, 2.0, DT, 2);
        const cal_link links[] = {link_of("current", 0), link_of("mean", 1)};
        cal_coupler *coupler = NULL;
        cr_assert(eq(int, try_coupler(&p, CAL_NS_PER_MS, 1, 0.0, &coupler), CAL_OK));
        mass *m = pair_mass(&p, CAL_NS_PER_MS, 10, NULL);
        m->fails_at = 2;
        m->ctx = infinite ? NULL : p.ctx;
        cr_assert(eq(int, cal_coupler_add(coupler, "left V1", 1, &mass_ops, m, links, 2), CAL_OK));
        cr_expect(eq(int, cal_coupler_advance(coupler), CAL_OK));
        cr_expect(eq(int, cal_coupler_advance(coupler), CAL_OK));
        cr_expect(eq(int, cal_coupler_advance(coupler), CAL_ERR_NUMERIC));
        cr_expect(eq(str, message(&p), infinite ? "left V1: E302 the output is not finite at 2.1 ms"
                                                : "left V1: E302 v is not finite at 2 ms"));
        cal_context_clear(p.ctx);
        cr_expect(eq(int, cal_coupler_advance(coupler), CAL_ERR_STATE));
        cal_coupler_destroy(&coupler);
        pair_free(&p);
    }
}
