/* Several sets of edges in one host: delays within a region, local coupling, matrices of single terms. Each says in
 * another way what one connectome can say too, so the bits must be those of the connectome. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/nmm_net.h"

/* ---- a mass with two populations; with_delays lets each act on the other late ------------------------- */

enum { D_E, D_I, N_PARAMS };
static const cal_field params[] = {
    [D_E] = {"d_e", "ms", 2.0, 0.0, 100.0, "delay of e"},
    [D_I] = {"d_i", "ms", 0.5, 0.0, 100.0, "delay of i"},
};
static const cal_field states[] = {{"e", "1/ms", 0.3, -INFINITY, INFINITY, "excited"},
                                   {"i", "1/ms", -0.2, -INFINITY, INFINITY, "inhibited"}};
static const double scales[] = {1.0, 1.0};
static const cal_field inputs[] = {{"far", "1/ms", 0.0, -INFINITY, INFINITY, "from other regions"},
                                   {"own_e", "1/ms", 0.0, -INFINITY, INFINITY, "from e"},
                                   {"own_i", "1/ms", 0.0, -INFINITY, INFINITY, "from i"}};
static const cal_own_delay own_delays[] = {{.output = 0, .input = 1, .param = D_E},
                                           {.output = 1, .input = 2, .param = D_I}};

/* e' = -e/8 + (far - own_i)/(1 + e^2),  i' = -i/5 + own_e */
static void rhs(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    (void)p;
    for (size_t k = 0; k < n; k++) {
        dx[k] = -x[k] / 8.0 + (c[k] - c[2 * n + k]) / (1.0 + x[k] * x[k]);
        dx[n + k] = -x[n + k] / 5.0 + c[n + k];
    }
}

static void observe(size_t n, const double *p, const double *x, double *y)
{
    (void)p;
    memcpy(y, x, 2 * n * sizeof *y);
}

#define PARTS                                                                                                      \
    .title = "two", .equations = "e', i'", .source = "test", .states = states, .n_states = 2, .scales = scales,    \
    .params = params, .n_params = N_PARAMS, .inputs = inputs, .n_inputs = 3, .outputs = states, .n_outputs = 2,    \
    .rhs = rhs, .observe = observe
static const cal_nmm_model plain = {.name = "two", PARTS};
static const cal_nmm_model with_delays = {.name = "two-late", PARTS, .own_delays = own_delays, .n_own_delays = 2};

/* A ring of regions with a few longer tracts; initial values differ between regions. */
static net make(size_t n, const cal_nmm_model *model, unsigned n_threads)
{
    net a = net_make(n, NULL, n_threads);
    for (size_t k = 0; k < n; k++) {
        a.regions[k].model = model;
        a.initial[k * NET_MAX_ROWS] = 0.3 + 0.01 * (double)k;
        a.initial[k * NET_MAX_ROWS + 1] = -0.2;
        a.params[k * NET_MAX_ROWS + D_E] = 2.0;
        a.params[k * NET_MAX_ROWS + D_I] = 0.5;
        net_edge(&a, k, (k + 1) % n, 0.2, 1.3 + 0.37 * (double)k);
        net_edge(&a, k, (k + 2) % n, 0.1, 7.0);
    }
    a.coupling[0].from = "e";
    a.coupling[0].to = "far";
    a.def.dt = CAL_NS_PER_MS / 10;
    return a;
}

static void compare(const net *a, const net *b)
{
    for (size_t k = 0; k < a->n; k++)
        for (size_t s = 0; s < 2; s++)
            cr_assert(eq(dbl, net_state(a, k, s), net_state(b, k, s)), "region %zu, state %zu", k, s);
}

/* ---- own delays ------------------------------------------------------------------------------------------- */

/* The truth: a model without own delays, whose regions are connected with themselves by two further terms of weight 1.
 * The delays stand on the diagonal of the one matrix of delays, so both of a region are equal here. */
static const struct {
    cal_integrator integrator;
    double delay_ms[3];
} own_cases[] = {
    {CAL_RK4, {0.0, 0.5, 1.37}},          {CAL_RK4, {5.0, 2.5, 0.1}},  {CAL_RK4, {0.0, 0.0, 0.0}},
    {CAL_HEUN, {0.3, 0.0, 12.345}},       {CAL_CVODE_ADAMS, {4.1, 3.0, 2.2}},
    {CAL_CVODE_BDF, {1.0, 1.0, 1.5}},
};

Test(nmm_wirings, an_own_delay_is_a_connection_of_the_region_with_itself)
{
    for (size_t k = 0; k < sizeof own_cases / sizeof own_cases[0]; k++) {
        net own = make(3, &with_delays, 1), told = make(3, &plain, 1);
        const double one[9] = {1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0};
        own.def.integrator = told.def.integrator = own_cases[k].integrator;
        for (size_t i = 0; i < 3; i++) {
            const double delay_ms = own_cases[k].delay_ms[i];
            net_edge(&told, i, i, 0.0, delay_ms);
            net_set(&own, i, "d_e", delay_ms);
            net_set(&own, i, "d_i", delay_ms);
        }
        const char *const from[] = {"e", "i"}, *const to[] = {"own_e", "own_i"};
        for (size_t t = 0; t < 2; t++) {
            told.coupling[1 + t] = cal_coupling_default();
            told.coupling[1 + t].from = from[t];
            told.coupling[1 + t].to = to[t];
            told.coupling[1 + t].weights = one;
        }
        told.def.n_couplings = 3;
        net_create(&own);
        net_create(&told);
        cr_assert(net_run(&own, 100 * CAL_NS_PER_MS) == CAL_OK);
        cr_assert(net_run(&told, 100 * CAL_NS_PER_MS) == CAL_OK);
        cr_expect(fabs(net_state(&own, 0, 0) - 0.3) > 1e-3, "nothing moves");
        compare(&own, &told);
        net_free(&own);
        net_free(&told);
    }
}

/* x' = -x(t - d) with a constant past 1: the method of steps gives x = 1 - t up to t = d, and
 * 1 - t + (t - d)^2 / 2 from there to 2 d. */
static void delayed_rhs(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    (void)p;
    (void)x;
    for (size_t k = 0; k < n; k++) {
        dx[k] = -c[n + k];
        dx[n + k] = 0.0;
    }
}

static const cal_nmm_model delayed = {.name = "delayed", .title = "delayed", .equations = "x' = -x(t - d)",
    .source = "test", .states = states, .n_states = 2, .scales = scales, .params = params, .n_params = N_PARAMS,
    .inputs = inputs, .n_inputs = 3, .outputs = states, .n_outputs = 2, .rhs = delayed_rhs, .observe = observe,
    .own_delays = own_delays, .n_own_delays = 1};

Test(nmm_wirings, own_delays_follow_the_method_of_steps)
{
    static const double delay_ms[] = {1.0, 2.0, 0.3};
    net a = make(3, &delayed, 1);
    for (size_t i = 0; i < 3; i++) {
        net_set(&a, i, "d_e", delay_ms[i]);
        a.initial[i * NET_MAX_ROWS] = 1.0;
    }
    net_create(&a);
    cr_assert(net_run(&a, CAL_NS_PER_MS / 10 * 3) == CAL_OK);
    for (size_t i = 0; i < 3; i++)
        cr_expect(epsilon_eq(dbl, net_state(&a, i, 0), 1.0 - 0.3, 1e-14));
    cr_assert(net_run(&a, 2 * CAL_NS_PER_MS) == CAL_OK);
    /* the corner of the derivative at t = d lies on the grid; the sum at the middle of a step is a cubic across it:
     * within 1/16 of a step's rise, dt^2 / 16 in all */
    cr_expect(epsilon_eq(dbl, net_state(&a, 0, 0), 1.0 - 2.0 + 0.5, 1e-3));
    cr_expect(epsilon_eq(dbl, net_state(&a, 1, 0), 1.0 - 2.0, 1e-14));
    net_free(&a);
}

Test(nmm_wirings, blocks_threads_and_windows_change_no_bit)
{
    net one = make(150, &with_delays, 1), many = make(150, &with_delays, 3);
    for (size_t i = 0; i < 150; i++)
        for (size_t k = 0; k < 2; k++) {
            net *a = k == 0 ? &one : &many;
            net_edge(a, i, (i + 1) % 150, 0.2, 3.0 + 0.05 * (double)i);
            net_set(a, i, "d_e", 0.01 * (double)(i % 7 == 0 ? 0 : 10 + i));
        }
    many.def.window = CAL_NS_PER_MS;
    net_create(&one);
    net_create(&many);
    cr_assert(net_run(&one, 40 * CAL_NS_PER_MS) == CAL_OK);
    cr_assert(net_run(&many, 40 * CAL_NS_PER_MS) == CAL_OK);
    compare(&one, &many);
    net_free(&one);
    net_free(&many);
}

Test(nmm_wirings, own_delays_are_refused_below_a_step_and_below_zero)
{
    static const struct {
        double delay_ms;
        const char *say;
    } wrong[] = {{0.04, "shorter than the step"}, {-1.0, "must be >= 0"}, {NAN, "must be >= 0"}};
    for (size_t k = 0; k < 3; k++) {
        net a = make(3, &with_delays, 1);
        net_set(&a, 1, "d_e", wrong[k].delay_ms);
        cr_expect(net_try(&a) == CAL_ERR_ARGUMENT);
        const char *message = cal_context_message(a.ctx);
        cr_expect(strstr(message, wrong[k].say) != NULL && strstr(message, "d_e") != NULL &&
                      strstr(message, "region_001") != NULL, "%s", message);
        net_free(&a);
    }
}

/* Regions of other models and external ones have no own delays. */
Test(nmm_wirings, own_delays_concern_the_regions_of_their_model_only)
{
    net a = make(4, &with_delays, 1), b = make(4, &plain, 1);
    a.regions[2].model = &plain;
    b.regions[0].model = b.regions[1].model = b.regions[3].model = NULL;
    memset(a.weights, 0, 16 * sizeof(double));
    memset(b.weights, 0, 16 * sizeof(double));
    net_create(&a);
    net_create(&b);
    cr_assert(net_run(&a, 16 * CAL_NS_PER_MS) == CAL_OK);
    cr_assert(net_run(&b, 16 * CAL_NS_PER_MS) == CAL_OK);
    cr_expect(eq(dbl, net_state(&a, 2, 0), net_state(&b, 2, 0)));
    double drive[2];
    cr_expect(cal_nmm_read_drive(b.nmm, 0, 1, 0, 1, drive) == CAL_ERR_ARGUMENT);
    net_free(&a);
    net_free(&b);
}

/* ---- local coupling --------------------------------------------------------------------------------------- */

/* Without a matrix a region couples onto itself: the connectome with 1 on its diagonal, delay 0 and gain 1. */
Test(nmm_wirings, local_coupling_is_each_region_onto_itself_without_gain)
{
    static const cal_integrator integrators[] = {CAL_RK4, CAL_HEUN, CAL_CVODE_ADAMS};
    for (size_t k = 0; k < 3; k++) {
        net local = make(3, &plain, 1), told = make(3, &plain, 1);
        const double one[9] = {4.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 4.0};
        local.def.integrator = told.def.integrator = integrators[k];
        local.def.gain = told.def.gain = 0.25;
        local.coupling[1] = told.coupling[1] =
            (cal_coupling){.kind = CAL_COUPLING_LINEAR, .a = 0.7, .from = "i", .to = "own_e"};
        local.coupling[1].is_local = true;
        told.coupling[1].weights = one;
        local.def.n_couplings = told.def.n_couplings = 2;
        net_create(&local);
        net_create(&told);
        cr_assert(net_run(&local, 40 * CAL_NS_PER_MS) == CAL_OK);
        cr_assert(net_run(&told, 40 * CAL_NS_PER_MS) == CAL_OK);
        compare(&local, &told);
        net_free(&local);
        net_free(&told);
    }
}

/* With a matrix: neither tract delays nor gain; a difference takes the sums of that matrix. */
Test(nmm_wirings, local_weights_have_neither_delay_nor_gain)
{
    net local = make(3, &plain, 1), told = make(3, &plain, 1);
    const double v[9] = {0.5, 0.25, 0.0, 0.0, 0.125, 0.5, 1.0, 0.0, 0.0};
    memset(local.weights, 0, 9 * sizeof(double));
    memcpy(told.weights, v, sizeof v);
    memset(told.delays_ms, 0, 9 * sizeof(double));
    local.def.gain = 3.0;
    local.coupling[0].kind = told.coupling[0].kind = CAL_COUPLING_DIFFERENCE;
    local.coupling[0].weights = v;
    local.coupling[0].is_local = true;
    net_create(&local);
    net_create(&told);
    cr_assert(net_run(&local, 40 * CAL_NS_PER_MS) == CAL_OK);
    cr_assert(net_run(&told, 40 * CAL_NS_PER_MS) == CAL_OK);
    compare(&local, &told);
    net_free(&local);
    net_free(&told);
}

/* ---- a matrix of one term --------------------------------------------------------------------------------- */

Test(nmm_wirings, a_term_may_have_weights_of_its_own)
{
    net two = make(4, &plain, 1), one = make(4, &plain, 1);
    double other[16];
    memcpy(other, two.weights, sizeof other);
    memset(two.weights, 0, sizeof other); /* the connectome carries nothing; the term does */
    two.coupling[0].weights = other;
    two.def.gain = one.def.gain = 0.5;
    net_create(&two);
    net_create(&one);
    cr_assert(net_run(&two, 40 * CAL_NS_PER_MS) == CAL_OK);
    cr_assert(net_run(&one, 40 * CAL_NS_PER_MS) == CAL_OK);
    compare(&two, &one);
    net_free(&two);

    net wrong = make(4, &plain, 1);
    other[1] = NAN;
    wrong.coupling[0].weights = other;
    cr_expect(net_try(&wrong) == CAL_ERR_ARGUMENT);
    cr_expect(strstr(cal_context_message(wrong.ctx), "weight of region_001 -> region_000") != NULL, "%s",
              cal_context_message(wrong.ctx));
    net_free(&wrong);
    net_free(&one);
}

/* Two terms on one output with different matrices share the history of that output. */
Test(nmm_wirings, terms_on_one_output_share_its_history)
{
    net one = make(4, &plain, 1), two = make(4, &plain, 1);
    double other[16];
    memcpy(other, one.weights, sizeof other);
    two.coupling[1] = two.coupling[0];
    two.coupling[1].to = "own_e";
    two.coupling[1].weights = other;
    two.def.n_couplings = 2;
    net_create(&one);
    net_create(&two);
    cr_expect(eq(sz, cal_nmm_get_counts(one.nmm).history_bytes, cal_nmm_get_counts(two.nmm).history_bytes));
    cr_expect(eq(sz, 2 * cal_nmm_get_counts(one.nmm).n_edges, cal_nmm_get_counts(two.nmm).n_edges));
    net_free(&one);
    net_free(&two);
}
