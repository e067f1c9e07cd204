/* What runs away or is too stiff ends with E302, region, state and time, whatever integrates it; nothing hangs. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "support/nmm_net.h"

/* ---- x' = rate x + c, of this test only --------------------------------------------------------------- */

static const cal_field params[] = {{"rate", "1/ms", -1.0, -INFINITY, INFINITY, "growth"}};
static const cal_field states[] = {{"x", "1", 1.0, -INFINITY, INFINITY, "size"}};
static const cal_field input = {"c", "1/ms", 0.0, -INFINITY, INFINITY, "drive"};
static const cal_field output = {"y", "mV", 0.0, -INFINITY, INFINITY, "what it sends"};
static const double scales[] = {1.0};

static void grow(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    for (size_t i = 0; i < n; i++)
        dx[i] = p[i] * x[i] + c[i];
}

static void show(size_t n, const double *p, const double *x, double *y)
{
    (void)p;
    memcpy(y, x, n * sizeof *y);
}

static const cal_nmm_model growing = {.name = "growing", .title = "x' = rate x + c", .equations = "x' = rate x + c",
                                      .source = "test", .states = states, .n_states = 1, .scales = scales,
                                      .params = params, .n_params = 1, .inputs = &input, .n_inputs = 1,
                                      .outputs = &output, .n_outputs = 1, .rhs = grow, .observe = show};

static net make_growing(size_t n, cal_integrator integrator)
{
    net a = net_make(n, NULL, 1);
    for (size_t i = 0; i < n; i++) {
        a.regions[i].model = &growing;
        a.params[i * NET_MAX_ROWS] = -1.0;
        a.initial[i * NET_MAX_ROWS] = 1.0;
    }
    a.def.integrator = integrator;
    return a;
}

/* The run ends between the two times, in the region of that name (NULL: any). */
static void expect_end(net *a, double earliest_ms, double latest_ms, const char *region)
{
    const char *name = cal_integrator_names[a->def.integrator];
    net_create(a);
    cr_expect(eq(int, net_run(a, (cal_time)(latest_ms * 1e6)), CAL_ERR_NUMERIC), "%s", name);
    const char *message = cal_context_message(a->ctx);
    char begin[64];
    snprintf(begin, sizeof begin, "E302 %s", region == NULL ? "region_00" : region);
    cr_expect(strncmp(message, begin, strlen(begin)) == 0 && strstr(message, ": x ") == message + 15, "%s: %s", name,
              message);
    const char *at = strstr(message, " s");
    while (at != NULL && at > message && (strchr("0123456789.e-+", at[-1]) != NULL))
        at--;
    cr_assert(at != NULL, "%s: %s", name, message);
    const double t_ms = 1e3 * strtod(at, NULL);
    cr_expect(t_ms >= earliest_ms && t_ms <= latest_ms, "%s: %s", name, message);
    cr_expect(eq(int, cal_nmm_advance(a->nmm, cal_nmm_time(a->nmm) + a->def.window), CAL_ERR_STATE), "%s", name);
}

/* exp(20 t) passes the largest double, e^709.8, at 35.5 ms; the steps of Euler grow by 3 per 0.1 ms, at most until 65 ms. */
Test(nmm_failures, a_state_that_grows_without_bound_ends_the_run_of_every_integrator)
{
    for (int k = 1; k < CAL_N_INTEGRATORS; k++) {
        net a = make_growing(3, (cal_integrator)k);
        a.params[NET_MAX_ROWS] = 20.0;
        expect_end(&a, 30.0, 65.0, "region_001");
        net_free(&a);
    }
}

/* Two regions that push each other with a gain of 50 across 2.05 ms: x' = -x + 50 x(t - 2.05), growth of about 1.3 / ms. */
Test(nmm_failures, a_gain_that_is_too_large_ends_the_run_of_every_integrator)
{
    for (int k = 1; k < CAL_N_INTEGRATORS; k++) {
        net a = make_growing(2, (cal_integrator)k);
        net_edge(&a, 0, 1, 50.0, 2.05);
        net_edge(&a, 1, 0, 60.0, 2.05);
        expect_end(&a, 400.0, 800.0, NULL);
        net_free(&a);
    }
}

/* Sources that stay at 1, 2, 3, 4 send w G x into a region that grows by itself: 60, 20 (at once), 8 and 4 mV in size. */
Test(nmm_failures, the_message_says_what_came_in_just_before)
{
    for (int k = 1; k < CAL_N_INTEGRATORS; k++) {
        net a = make_growing(5, (cal_integrator)k);
        a.def.gain = 2.0;
        a.coupling[1] = cal_coupling_default(); /* two terms read what travels once */
        a.def.n_couplings = 2;
        a.params[0] = 20.0;
        for (size_t j = 1; j < 5; j++) {
            a.params[j * NET_MAX_ROWS] = 0.0;
            a.initial[j * NET_MAX_ROWS] = (double)j;
        }
        net_edge(&a, 0, 1, 10.0, 0.0);
        net_edge(&a, 0, 2, 1.0, 2.0);
        net_edge(&a, 0, 3, 10.0, 5.05);
        net_edge(&a, 0, 4, -1.0, 0.7);
        expect_end(&a, 30.0, 65.0, "region_000");
        const char *message = cal_context_message(a.ctx);
        cr_expect(strstr(message, " Largest inputs just before: y of region_003 60 mV, y of region_001 20 mV, "
                                  "y of region_004 -8 mV. Try ") != NULL,
                  "%s: %s", cal_integrator_names[k], message);
        net_free(&a);
    }
}

/* The source is exp(t) and arrives 5 ms late with weight 1; the last sum before the failure at T is that of T - dt. */
Test(nmm_failures, inputs_are_those_of_the_step_before)
{
    net a = make_growing(2, CAL_RK4);
    a.params[0] = 20.0;
    a.params[NET_MAX_ROWS] = 1.0;
    net_edge(&a, 0, 1, 1.0, 5.0);
    expect_end(&a, 30.0, 65.0, "region_000");
    const char *message = cal_context_message(a.ctx), *time = strstr(message, "finite at "),
               *value = strstr(message, "y of region_001 ");
    cr_assert(time != NULL && value != NULL, "%s", message);
    const double expected = exp(1e3 * strtod(time + 10, NULL) - 0.1 - 5.0);
    cr_expect(epsilon_eq(dbl, strtod(value + 16, NULL) / expected, 1.0, 1e-3), "%s", message); /* 4 digits are printed */
    net_free(&a);
}

/* A mass of rate 1e6 / ms follows one of rate 1: BDF takes it in long steps; explicit steps of 0.1 ms run away at once;
 * Adams and ERKStep need steps of about 1e-6 ms, more than a million per window, and say so. */
Test(nmm_failures, a_stiff_mass_is_solved_by_bdf_and_ends_the_others)
{
    net a = make_growing(2, CAL_CVODE_BDF);
    a.params[NET_MAX_ROWS] = -1e6;
    net_edge(&a, 1, 0, 1e6, 0.0);
    net_create(&a);
    cr_expect(eq(int, net_run(&a, 20 * CAL_NS_PER_MS), CAL_OK), "%s", cal_context_message(a.ctx));
    cr_expect(epsilon_eq(dbl, net_state(&a, 0, 0), exp(-20.0), 1e-5));
    cr_expect(epsilon_eq(dbl, net_state(&a, 1, 0), exp(-20.0), 1e-5));
    cr_expect(lt(u64, cal_nmm_get_counts(a.nmm).n_rhs, 2000));
    net_free(&a);
    const cal_integrator others[] = {CAL_RK4, CAL_HEUN, CAL_CVODE_ADAMS, CAL_ERK};
    for (size_t k = 0; k < 4; k++) {
        net b = make_growing(2, others[k]);
        b.params[NET_MAX_ROWS] = -1e6;
        net_edge(&b, 1, 0, 1e6, 0.0);
        expect_end(&b, 0.0, 100.0, NULL);
        net_free(&b);
    }
}
