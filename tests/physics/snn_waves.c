/* Waves in networks with conduction delays against theory: the velocity of a front in which each neuron fires once. */
#include <stdio.h>

#include "support/network_run.h"

#include "callosum/snn.h"

static const double C_PF = 200.0, TAU_M_MS = 20.0, TAU_S_MS = 5.0, RISE_MV = 20.0, DELAY_MS = 1.0;

static double psp_mV_per_pA(double u_ms)
{
    return u_ms <= 0.0 ? 0.0 : (exp(-u_ms / TAU_M_MS) - exp(-u_ms / TAU_S_MS)) / (C_PF * (1.0 / TAU_S_MS - 1.0 / TAU_M_MS));
}

/* Slope of times over places by least squares; from `low` to `high`. */
static double velocity_of(size_t n, const double *place_mm, const double *time_ms, double low, double high)
{
    double m = 0.0, x = 0.0, t = 0.0, xx = 0.0, xt = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!(place_mm[i] >= low && place_mm[i] <= high) || !(time_ms[i] > 0.0))
            continue;
        m += 1.0;
        x += place_mm[i];
        t += time_ms[i];
        xx += place_mm[i] * place_mm[i];
        xt += place_mm[i] * time_ms[i];
    }
    cr_assert(m > 100.0);
    return (xx / m - x / m * (x / m)) / (xt / m - x / m * (t / m));
}

/* ---- a line, exactly ------------------------------------------------------------------------------- */

/* Weights J exp(-d / sigma) between all neurons of a line with `rho` per mm. With 1 / u = 1 / v - 1 / c the front is at the
 * threshold when  V_th - E_L = rho J / C exp(-D u / sigma) u / ((u / sigma + 1 / tau_m) (u / sigma + 1 / tau_s)):  the Laplace
 * transform of the response (Golomb & Ermentrout 1999, PNAS 96, 13480). The faster solution is the stable one. */
static double theory_of_line(double rho, double weight, double sigma, double c)
{
    double low = 0.05, high = 20.0; /* the right-hand side falls between them */
    for (int i = 0; i < 200; i++) {
        const double u = 0.5 * (low + high), s = u / sigma;
        const double rise = rho * weight / C_PF * exp(-DELAY_MS * s) * u / ((s + 1.0 / TAU_M_MS) * (s + 1.0 / TAU_S_MS));
        low = rise > RISE_MV ? u : low;
        high = rise > RISE_MV ? high : u;
    }
    return 1.0 / (1.0 / low + (c > 0.0 ? 1.0 / c : 0.0));
}

static double measured_on_line(double rho, double weight, double sigma, double c)
{
    enum { N = 700 };
    static const cal_snn_setting settings[] = {
        {"C_m", {.kind = CAL_CONSTANT, .a = 200.0}},    {"tau_m", {.kind = CAL_CONSTANT, .a = 20.0}},
        {"tau_exc", {.kind = CAL_CONSTANT, .a = 5.0}},  {"E_L", {.kind = CAL_CONSTANT, .a = -70.0}},
        {"V_th", {.kind = CAL_CONSTANT, .a = -50.0}},   {"V_reset", {.kind = CAL_CONSTANT, .a = -70.0}},
        {"t_ref", {.kind = CAL_CONSTANT, .a = 1000.0}}};
    const double extent = N / rho, start[] = {-0.5 * extent};
    const cal_time time[] = {1000000};
    const uint32_t id[] = {0};
    const cal_snn_train train = {.population = 1, .n = 1, .time = time, .id = id};
    const cal_snn_population populations[] = {
        {.name = "line", .neuron = cal_snn_neuron_find("lif"), .n = N, .settings = settings, .n_settings = 7}, {.name = "start", .n = 1}};
    const cal_snn_space spaces[] = {{.arrangement = CAL_GRID, .n_dimensions = 1, .extent_mm = {extent}, .shape = {N}},
                                    {.arrangement = CAL_LISTED, .n_dimensions = 1, .positions_mm = start}};
    cal_snn_projection projections[] = {cal_snn_projection_default(CAL_PAIRWISE_BERNOULLI),
                                        cal_snn_projection_default(CAL_PAIRWISE_BERNOULLI)};
    for (int i = 0; i < 2; i++) {
        projections[i].from = (size_t)i;
        projections[i].receptor = "excitatory";
        projections[i].probability = 1.0;
        projections[i].weight.a = i == 0 ? weight : 3000.0;
        projections[i].delay_ms.a = DELAY_MS;
    }
    projections[0].kernel.within_mm = 12.0 * sigma; /* exp(-12) is left out */
    projections[0].weight_profile = (cal_snn_profile){.kernel = cal_spatial_kernel_find("exponential"), .params = {1.0, sigma}};
    projections[0].velocity_mm_per_ms = c;
    projections[1].kernel.within_mm = sigma;
    cal_snn_def def = cal_snn_def_default();
    def.dt = CAL_NS_PER_MS / 50;
    def.window = 100 * CAL_NS_PER_MS;
    def.populations = populations;
    def.n_populations = 2;
    def.spaces = spaces;
    def.projections = projections;
    def.n_projections = 2;
    def.trains = &train;
    def.n_trains = 1;
    cal_context *ctx = cali_test_context(2);
    cal_snn *snn = NULL;
    static double place[N], at[N];
    unsigned d;
    memset(at, 0, sizeof at);
    cr_assert(cal_snn_create(ctx, &def, &snn) == CAL_OK, "%s", cal_context_message(ctx));
    cr_assert(cal_snn_advance(snn) == CAL_OK, "%s", cal_context_message(ctx));
    memcpy(place, cal_snn_get_positions(snn, 0, &d), sizeof place);
    const cal_snn_spikes spikes = cal_snn_get_spikes(snn);
    for (size_t i = 0; i < spikes.n; i++)
        if (spikes.population[i] == 0)
            at[spikes.id[i]] = cal_time_ms(spikes.time[i]);
    cal_snn_destroy(&snn);
    cal_context_destroy(&ctx);
    return velocity_of(N, place, at, -0.1 * extent, 0.4 * extent);
}

/* Places 10 um apart and steps of 0.02 ms: each is below 1 % of sigma and of the time in which the front passes. */
Test(snn_waves, a_front_on_a_line_has_the_velocity_of_theory)
{
    static const double velocities[] = {0.0, 0.3, 0.15};
    for (int i = 0; i < 3; i++) {
        const double theory = theory_of_line(100.0, 160.0, 0.25, velocities[i]);
        const double measured = measured_on_line(100.0, 160.0, 0.25, velocities[i]);
        cr_log_info("axons of %g mm/ms: %.5f mm/ms, theory %.5f", velocities[i], measured, theory);
        cr_expect(fabs(measured / theory - 1.0) < 0.02, "axons of %g mm/ms: %g mm/ms, theory %g", velocities[i], measured, theory);
    }
}

/* ---- the example ------------------------------------------------------------------------------------- */

/* Potential that a straight front of velocity v leaves at a neuron: the sum over the sources, of density g, behind it. */
static double rise_at_front(double v, double sigma, double c, double in_degree, double weight)
{
    enum { N = 200 };
    double sum = 0.0, total = 0.0;
    for (int i = -N; i < N; i++)
        for (int j = -N; j < N; j++) {
            const double y = (i + 0.5) / N * 5.0 * sigma, z = (j + 0.5) / N * 5.0 * sigma, d = sqrt(y * y + z * z);
            const double g = exp(-d * d / (2.0 * sigma * sigma));
            total += g;
            sum += g * psp_mV_per_pA(y / v - (c > 0.0 ? d / c : 0.0) - DELAY_MS);
        }
    return in_degree * weight * sum / total;
}

static double theory_of_sheet(double sigma, double c, double in_degree, double weight)
{
    double low = 0.02, high = 0.6;
    for (int i = 0; i < 40; i++) {
        const double v = 0.5 * (low + high);
        if (rise_at_front(v, sigma, c, in_degree, weight) > RISE_MV)
            low = v;
        else
            high = v;
    }
    return low;
}

static double measured_on_sheet(const char *velocity)
{
    cal_context *ctx = cali_test_context(2);
    cal_recording *r = cali_run_example(ctx, "travelling-waves", &velocity, 1);
    const cal_recording_train t = cal_recording_get_train(r, 0);
    double *positions = NULL, *times = malloc((t.n_spikes + 1) * sizeof *times);
    double *place = calloc(t.n_neurons, sizeof *place), *at = calloc(t.n_neurons, sizeof *at);
    uint32_t *ids = malloc((t.n_spikes + 1) * sizeof *ids);
    size_t n, d;
    cr_assert(strcmp(t.population, "E") == 0);
    cr_assert(cal_recording_read_spikes(r, 0, 0, t.n_spikes, times, ids) == CAL_OK);
    cr_assert(cal_recording_read_matrix(r, "positions/network.E", &n, &d, &positions) == CAL_OK);
    cr_assert(n == t.n_neurons && d == 2);
    cr_expect(t.n_spikes > 0.99 * t.n_neurons, "%zu of %u neurons fire", t.n_spikes, t.n_neurons);
    for (size_t i = 0; i < t.n_spikes; i++)
        at[ids[i]] = times[i];
    for (size_t i = 0; i < n; i++) /* away from the long edges */
        place[i] = fabs(positions[2 * i]) < 0.25 ? positions[2 * i + 1] : 100.0;
    const double v = velocity_of(n, place, at, -0.5, 1.5);
    free(positions);
    free(times);
    free(place);
    free(at);
    free(ids);
    cal_recording_close(&r);
    cal_context_destroy(&ctx);
    return v;
}

/* Axons of finite velocity slow the front as they should. 200 inputs are counted in whole numbers, and the front is bent at the
 * edges of the strip: 6 %. */
Test(snn_waves, the_example_travels_with_the_velocity_of_theory)
{
    static const struct {
        const char *set;
        double c;
    } cases[] = {{"network.connections[0].velocity=0.3 mm/ms", 0.3}, {"network.connections[0].velocity=1000 mm/ms", 1000.0}};
    for (int i = 0; i < 2; i++) {
        const double theory = theory_of_sheet(0.2, cases[i].c, 200.0, 80.0), measured = measured_on_sheet(cases[i].set);
        cr_log_info("%s: %.4f mm/ms, theory %.4f", cases[i].set, measured, theory);
        cr_expect(fabs(measured / theory - 1.0) < 0.06, "%s: %g mm/ms, theory %g", cases[i].set, measured, theory);
    }
}
