/* Noise on inputs: nmm/noise.c, and what an external region gets of it. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "callosum/nmm.h"
#include "support/support.h"

/* x' = c: the state is the integral of the drive. */
static void integrate(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    (void)p;
    (void)x;
    for (size_t i = 0; i < n; i++)
        dx[i] = c[i];
}

static void show(size_t n, const double *p, const double *x, double *y)
{
    (void)p;
    for (size_t i = 0; i < n; i++)
        y[i] = x[i];
}

static const cal_field state = {"x", "1", 0.0, -INFINITY, INFINITY, "integral"};
static const cal_field input = {"c", "1/ms", 0.0, -INFINITY, INFINITY, "drive"};
static const double scale = 1.0;
static const cal_nmm_model integrator = {.name = "integrator", .title = "x' = c", .equations = "x' = c",
                                         .source = "test", .states = &state, .n_states = 1, .scales = &scale,
                                         .inputs = &input, .n_inputs = 1, .outputs = &state, .n_outputs = 1,
                                         .rhs = integrate, .observe = show};

enum { N_STEPS = 400 };

static cal_nmm *make(cal_context *ctx, const cal_connectome *brain, cal_integrator method, bool is_external)
{
    cal_nmm_region regions[2] = {{.model = &integrator}, {.model = is_external ? NULL : &integrator}};
    cal_coupling coupling = cal_coupling_default();
    const cal_nmm_noise noise = {.input = "c", .level = 0.7, .tau_ms = 3.0};
    cal_nmm_def def = cal_nmm_def_default();
    def.connectome = brain;
    def.regions = regions;
    def.couplings = &coupling;
    def.n_couplings = 1;
    def.gain = 0.0;
    def.integrator = method;
    def.dt = CAL_NS_PER_MS / 10;
    def.rtol = 1e-10;
    def.window = N_STEPS / 10 * def.dt;
    def.noises = &noise;
    def.n_noises = 1;
    def.seed = 5;
    cal_nmm *nmm = NULL;
    cr_assert(cal_nmm_create(ctx, &def, &nmm) == CAL_OK, "%s", cal_context_message(ctx));
    return nmm;
}

/* The path is linear between grid points, so the trapezoid rule over the drive that region 1 reads as an external
 * region is exactly the state that it has as a mass: any difference is a different path. */
static void expect_same_path(cal_integrator method, double tolerance)
{
    cal_context *ctx = cali_test_context(1);
    const double weights[] = {0.0, 1.0, 1.0, 0.0}, lengths[] = {0.0, 30.0, 30.0, 0.0};
    const cal_connectome_def brain_def = {.name = "pair", .n_regions = 2, .weights = weights, .lengths_mm = lengths};
    cal_connectome *brain = NULL;
    cr_assert(cal_connectome_create(ctx, &brain_def, &brain) == CAL_OK, "%s", cal_context_message(ctx));
    cal_nmm *mass = make(ctx, brain, method, false), *external = make(ctx, brain, method, true);
    const size_t n = N_STEPS / 10;
    const double zeros[N_STEPS / 10] = {0.0};
    double sum = 0.0, x[1], other[1], drive[N_STEPS / 10 + 1];
    for (int window = 0; window < 10; window++) {
        const cal_time t = cal_nmm_time(mass);
        cr_assert(cal_nmm_read_drive(external, 1, 0, t, n, drive) == CAL_OK, "%s", cal_context_message(ctx));
        for (size_t j = 0; j < n; j++)
            sum += 0.5 * (drive[j] + drive[j + 1]) * 0.1;
        const cal_time until = t + (cal_time)n * CAL_NS_PER_MS / 10;
        cr_assert(cal_nmm_advance(mass, until) == CAL_OK, "%s", cal_context_message(ctx));
        cr_assert(cal_nmm_advance(external, until) == CAL_OK, "%s", cal_context_message(ctx));
        cr_assert(cal_nmm_write(external, 1, zeros, n) == CAL_OK, "%s", cal_context_message(ctx));
        cal_nmm_get_state(mass, 1, x);
        cr_expect(epsilon_eq(dbl, x[0], sum, tolerance));
    }
    cr_expect(fabs(sum) > 0.01);
    cal_nmm_get_state(mass, 0, other);   /* regions have paths of their own */
    cr_expect(fabs(other[0] - x[0]) > 0.01);
    cal_nmm_destroy(&mass);
    cal_nmm_destroy(&external);
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
}

Test(nmm_noise, an_external_region_gets_the_path_of_the_mass_in_its_place_rk4)
{
    expect_same_path(CAL_RK4, 1e-12); /* roundings of 400 terms below 1 */
}

Test(nmm_noise, an_external_region_gets_the_path_of_the_mass_in_its_place_cvode)
{
    expect_same_path(CAL_CVODE_ADAMS, 1e-6); /* rtol 1e-10, corners every 0.1 ms */
}
