/* Strong order of the stochastic schemes: the same Brownian paths at dt, dt/2, dt/4, ... (nmm/paths.h), so that the
 * distance from a fine solution is the error of each path. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "support/nmm_net.h"

enum { N_PATHS = 256, N_DT = 4 };
static const cal_time coarsest = 128000, finest = 1000, length = 4096000; /* ns: halves of each other */

/* ---- x' = 1 - x - sin(x) + c, of this test only: drift, noise and curvature are of size 1, and no path is
 * left alone with its error: neighbouring ones draw together --------------------------------------------- */

static const cal_field states[] = {{"x", "1", 0.0, -INFINITY, INFINITY, "value"}};
static const cal_field input = {"c", "1/ms", 0.0, -INFINITY, INFINITY, "drive"};
static const double scales[] = {1.0};

static void settle(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    (void)p;
    for (size_t i = 0; i < n; i++)
        dx[i] = 1.0 - x[i] - sin(x[i]) + c[i];
}

static void show(size_t n, const double *p, const double *x, double *y)
{
    (void)p;
    memcpy(y, x, n * sizeof *y);
}

static const cal_nmm_model settling = {.name = "settling", .title = "x' = 1 - x - sin(x) + c", .equations = "x' = 1 - x - sin(x) + c",
                                      .source = "test", .states = states, .n_states = 1, .scales = scales,
                                      .inputs = &input, .n_inputs = 1, .outputs = states, .n_outputs = 1,
                                      .rhs = settle, .observe = show};

/* Regions apart, or with delay_ms >= 0 a ring. */
static net make_ensemble(double delay_ms, const cal_nmm_noise *noise)
{
    net a = net_make(N_PATHS, NULL, 1);
    for (size_t i = 0; i < N_PATHS; i++) {
        a.regions[i].model = &settling;
        if (delay_ms >= 0.0)
            net_edge(&a, i, (i + 1) % N_PATHS, 0.5, delay_ms);
    }
    a.def.noises = noise;
    a.def.n_noises = 1;
    a.def.window = 2 * coarsest;
    return a;
}

static void final_states(net *a, cal_integrator integrator, cal_time dt, double *x)
{
    a->def.integrator = integrator;
    a->def.dt = dt;
    net_create(a);
    cr_assert(net_run(a, length) == CAL_OK, "%s", cal_context_message(a->ctx));
    for (size_t i = 0; i < N_PATHS; i++)
        x[i] = net_state(a, i, 0);
    net_restart(a);
}

/* Order over the last two halvings, by the rms over the paths; `*error` gets that of the smallest step. */
static double strong_order(double delay_ms, cal_integrator integrator, double *error)
{
    const cal_nmm_noise noise = {.state = "x", .level = 1.0};
    net a = make_ensemble(delay_ms, &noise);
    double truth[N_PATHS], x[N_PATHS], rms[N_DT];
    final_states(&a, CAL_SRA1, finest, truth);
    for (int k = 0; k < N_DT; k++) {
        double sum = 0.0;
        final_states(&a, integrator, coarsest >> k, x);
        for (size_t i = 0; i < N_PATHS; i++)
            sum += (x[i] - truth[i]) * (x[i] - truth[i]);
        rms[k] = sqrt(sum / N_PATHS);
        fprintf(stderr, "| %s | %s | %g | %.2g | %.2f |\n", delay_ms < 0.0 ? "apart" : "ring with delays",
                cal_integrator_names[integrator], cal_time_ms(coarsest >> k), rms[k],
                k > 0 ? log2(rms[k - 1] / rms[k]) : NAN);
    }
    net_free(&a);
    *error = rms[N_DT - 1];
    return log2(rms[N_DT - 3] / rms[N_DT - 1]) / 2.0;
}

/* Additive noise: 1 for Heun and Euler-Maruyama, 1.5 for SRA1, whose part of order 2 is the larger one at these steps.
 * Of 256 paths the order is known to about 0.1. */
Test(nmm_sde, additive_noise_is_followed_with_the_strong_order_of_each_scheme)
{
    double sra1, heun, euler;
    cr_expect(gt(dbl, strong_order(-1.0, CAL_SRA1, &sra1), 1.4));
    cr_expect(lt(dbl, fabs(strong_order(-1.0, CAL_HEUN, &heun) - 1.0), 0.2));
    cr_expect(lt(dbl, fabs(strong_order(-1.0, CAL_EULER, &euler) - 1.0), 0.2));
    cr_expect(lt(dbl, sra1, 0.1 * heun));
    cr_expect(lt(dbl, heun, euler));
}

/* An output that carries the noise itself is as rough as the path, and delayed sums stand at grid points only: order 1
 * for all. */
Test(nmm_sde, rough_signals_across_delays_leave_order_one)
{
    double sra1, heun;
    cr_expect(lt(dbl, fabs(strong_order(0.8, CAL_SRA1, &sra1) - 1.0), 0.2));
    cr_expect(lt(dbl, fabs(strong_order(0.8, CAL_HEUN, &heun) - 1.0), 0.2));
    cr_expect(lt(dbl, sra1, heun));
}
