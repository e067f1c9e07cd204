/* White and correlated noise of the host: nmm/noise.c, nmm/noise_setup.c. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callosum/nmm.h"
#include "nmm/host.h"
#include "support/support.h"

/* x' = c and v' = 0: without input both states are what the noise makes of them. */
static void stay(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    (void)p;
    (void)x;
    for (size_t i = 0; i < n; i++) {
        dx[i] = c[i];
        dx[n + i] = 0.0;
    }
}

static void show(size_t n, const double *p, const double *x, double *y)
{
    (void)p;
    memcpy(y, x, n * sizeof *y);
}

static const cal_field states[] = {{"x", "1", 0.0, -INFINITY, INFINITY, "sum of the noise"},
                                   {"v", "1", 1.0, -INFINITY, INFINITY, "what multiplicative noise scales"}};
static const cal_field input = {"c", "1/ms", 0.0, -INFINITY, INFINITY, "drive"};
static const double scales[] = {1.0, 1.0};
static const cal_nmm_model still = {.name = "still", .title = "x' = c", .equations = "x' = c", .source = "test",
                                    .states = states, .n_states = 2, .scales = scales, .inputs = &input,
                                    .n_inputs = 1, .outputs = states, .n_outputs = 1, .rhs = stay, .observe = show};

typedef struct setup {
    cal_context *ctx;
    cal_connectome *brain;
    cal_nmm_region *regions;
    cal_coupling coupling;
    cal_nmm_def def;
    cal_nmm *nmm;
} setup;

static setup prepare(size_t n, unsigned n_threads)
{
    setup s = {.ctx = cali_test_context(n_threads)};
    double *weights = calloc(2 * n * n, sizeof *weights);
    const cal_connectome_def def = {.name = "apart", .n_regions = n, .weights = weights,
                                    .lengths_mm = weights + n * n};
    cr_assert(cal_connectome_create(s.ctx, &def, &s.brain) == CAL_OK, "%s", cal_context_message(s.ctx));
    free(weights);
    s.regions = calloc(n, sizeof *s.regions);
    for (size_t i = 0; i < n; i++)
        s.regions[i].model = &still;
    s.coupling = cal_coupling_default();
    s.def = cal_nmm_def_default();
    s.def.connectome = s.brain;
    s.def.regions = s.regions;
    s.def.n_couplings = 1;
    s.def.integrator = CAL_HEUN;
    s.def.dt = CAL_NS_PER_MS / 10;
    s.def.window = CAL_NS_PER_MS * 4 / 5;
    s.def.seed = 3;
    return s;
}

static void start(setup *s)
{
    s->def.couplings = &s->coupling;
    cr_assert(cal_nmm_create(s->ctx, &s->def, &s->nmm) == CAL_OK, "%s", cal_context_message(s->ctx));
}

static void go(setup *s, cal_time until)
{
    while (cal_nmm_time(s->nmm) < until)
        cr_assert(cal_nmm_advance(s->nmm, cal_nmm_time(s->nmm) + s->def.window) == CAL_OK, "%s",
                  cal_context_message(s->ctx));
}

static double value(const setup *s, size_t region, size_t state)
{
    double x[2];
    cal_nmm_get_state(s->nmm, region, x);
    return x[state];
}

static void end(setup *s)
{
    cal_nmm_destroy(&s->nmm);
    cal_connectome_destroy(&s->brain);
    free(s->regions);
    cal_context_destroy(&s->ctx);
}

/* dx = level dW: x is the path itself, and its value at 80 ms does not depend on the step. Roundings of 3200 sums. */
Test(nmm_white, the_path_is_the_same_for_dt_and_its_halves)
{
    double first[3];
    for (int halvings = 0; halvings <= 2; halvings++) {
        setup s = prepare(3, 1);
        const cal_nmm_noise noise = {.state = "x", .level = 0.4};
        s.def.noises = &noise;
        s.def.n_noises = 1;
        s.def.dt >>= halvings;
        start(&s);
        go(&s, 80 * CAL_NS_PER_MS);
        for (size_t i = 0; i < 3; i++) {
            first[i] = halvings == 0 ? value(&s, i, 0) : first[i];
            cr_expect(epsilon_eq(dbl, value(&s, i, 0), first[i], 1e-12));
            cr_expect(fabs(first[i]) > 1e-3);
        }
        end(&s);
    }
}

/* dv = level v o dW (Stratonovich) has the solution v = exp(level W), and W is the path that additive noise on the same
 * state gives at the same seed. The scheme is of strong order 1: the error at dt/8 is about an eighth. */
Test(nmm_white, multiplicative_noise_is_stratonovich_of_order_1)
{
    enum { N = 64 };
    double error[2] = {0.0, 0.0};
    for (int fine = 0; fine < 2; fine++) {
        double w[N];
        for (int is_scaled = 0; is_scaled < 2; is_scaled++) {
            setup s = prepare(N, 1);
            cal_nmm_noise noise = {.state = "v", .level = 0.3};
            if (is_scaled)
                noise = (cal_nmm_noise){.state = "v", .level = 0.3, .form = CAL_NOISE_AFFINE, .b = 1.0};
            s.def.noises = &noise;
            s.def.n_noises = 1;
            s.def.dt >>= 3 * fine;
            start(&s);
            go(&s, 4 * CAL_NS_PER_MS);
            for (size_t i = 0; i < N; i++)
                if (is_scaled)
                    error[fine] += fabs(value(&s, i, 1) / exp(w[i]) - 1.0) / N;
                else
                    w[i] = value(&s, i, 1) - 1.0;
            end(&s);
        }
    }
    cr_expect(lt(dbl, error[0], 0.02));
    cr_expect(gt(dbl, error[0] / error[1], 5.0));
    cr_expect(lt(dbl, error[0] / error[1], 12.0));
}

/* One step from x = 1 with a = -3, b = 1: h = a + b x is -2; |h| = 2, sqrt(|h|) = 1.4142. With so small a level the
 * second end of the step differs by 1e-6 of that. */
Test(nmm_white, forms_scale_the_increment)
{
    double kick[CAL_N_NOISE_FORMS];
    for (int form = 0; form < CAL_N_NOISE_FORMS; form++) {
        setup s = prepare(1, 1);
        const cal_nmm_noise noise = {.state = "v", .level = 1e-6, .form = (cal_noise_form)form, .a = -3.0, .b = 1.0};
        s.def.noises = &noise;
        s.def.n_noises = 1;
        s.def.window = s.def.dt;
        start(&s);
        go(&s, s.def.dt);
        kick[form] = (value(&s, 0, 1) - 1.0) * 1e6;
        end(&s);
    }
    cr_expect(epsilon_eq(dbl, kick[CAL_NOISE_AFFINE], -2.0 * kick[0], 1e-5));
    cr_expect(epsilon_eq(dbl, kick[CAL_NOISE_ABSOLUTE], 2.0 * kick[0], 1e-5));
    cr_expect(epsilon_eq(dbl, kick[CAL_NOISE_ROOT], sqrt(2.0) * kick[0], 1e-5));
}

/* Stored normals: x_n+1 - x_n = level_i sqrt(dt) z. Later steps get none. */
Test(nmm_white, stored_normals_take_the_place_of_drawn_ones)
{
    enum { N = 40, STEPS = 24 }; /* two blocks, three windows */
    static double z[STEPS][2][N], levels[N], sum[N];
    setup s = prepare(N, 1);
    for (size_t i = 0; i < N; i++)
        levels[i] = 0.1 * (double)i;
    for (size_t k = 0; k < STEPS; k++)
        for (size_t i = 0; i < N; i++) {
            z[k][0][i] = sin((double)(k * N + i));
            z[k][1][i] = NAN; /* of a state without noise: not looked at */
            sum[i] += 0.5 * levels[i] * sqrt(0.1) * z[k][0][i];
        }
    const cal_nmm_noise noise = {.state = "x", .level = 0.5, .levels = levels};
    s.def.noises = &noise;
    s.def.n_noises = 1;
    start(&s);
    const cali_replay replay = {.z = &z[0][0][0], .n_steps = STEPS, .n_states = 2};
    cali_nmm_replay_normals(s.nmm, &replay);
    go(&s, STEPS * s.def.dt + 16 * s.def.dt);
    for (size_t i = 0; i < N; i++)
        cr_expect(epsilon_eq(dbl, value(&s, i, 0), sum[i], 1e-13), "region %zu", i);
    end(&s);
}

/* Coloured: u_0 = level start, u_n+1 = E u_n + level sqrt(1 - E^2) z_n, and Heun takes the trapezoid of it. */
Test(nmm_white, stored_normals_drive_a_coloured_path)
{
    enum { STEPS = 16 };
    static double z[STEPS][2][1], from[2] = {0.7, 0.0};
    setup s = prepare(1, 1);
    const double decay = exp(-0.1 / 3.0);
    double u = 0.5 * from[0], sum = 0.0;
    for (size_t k = 0; k < STEPS; k++) {
        z[k][0][0] = cos(3.0 * (double)k);
        const double next = decay * u + 0.5 * sqrt(1.0 - decay * decay) * z[k][0][0];
        sum += 0.05 * (u + next);
        u = next;
    }
    const cal_nmm_noise noise = {.state = "x", .level = 0.5, .tau_ms = 3.0};
    s.def.noises = &noise;
    s.def.n_noises = 1;
    start(&s);
    const cali_replay replay = {.z = &z[0][0][0], .start = from, .n_steps = STEPS, .n_states = 2};
    cali_nmm_replay_normals(s.nmm, &replay);
    go(&s, STEPS * s.def.dt);
    cr_expect(epsilon_eq(dbl, value(&s, 0, 0), sum, 1e-13));
    end(&s);
}

enum { N_STEPS = 20000, N_CORRELATED = 3 };

/* Covariance of the increments of the regions 0, 1 and N - 1 in units of level^2 dt. */
static void covariance(const cal_nmm_noise *noise, size_t n, unsigned n_threads, double c[N_CORRELATED][N_CORRELATED])
{
    const size_t of[N_CORRELATED] = {0, 1, n - 1};
    double old[N_CORRELATED] = {0.0}, step[N_CORRELATED];
    setup s = prepare(n, n_threads);
    s.def.noises = noise;
    s.def.n_noises = 1;
    s.def.window = s.def.dt;
    start(&s);
    memset(c, 0, N_CORRELATED * sizeof *c);
    for (int k = 0; k < N_STEPS; k++) {
        go(&s, (k + 1) * s.def.dt);
        for (size_t i = 0; i < N_CORRELATED; i++) {
            step[i] = value(&s, of[i], 0) - old[i];
            old[i] += step[i];
        }
        for (size_t i = 0; i < N_CORRELATED; i++)
            for (size_t j = 0; j < N_CORRELATED; j++)
                c[i][j] += step[i] * step[j] / (0.25 * 0.1 * N_STEPS);
    }
    end(&s);
}

/* A sample covariance of n pairs has variance (1 + rho^2) / n <= 2 / n: 0.01 here, bound at 5 of that. */
static const double bound = 0.05;

Test(nmm_white, one_correlation_holds_between_any_two_regions)
{
    double c[N_CORRELATED][N_CORRELATED];
    const cal_nmm_noise noise = {.state = "x", .level = 0.5, .correlation = 0.36};
    covariance(&noise, 40, 1, c); /* the last one in another block */
    for (size_t i = 0; i < N_CORRELATED; i++)
        for (size_t j = 0; j < N_CORRELATED; j++)
            cr_expect(epsilon_eq(dbl, c[i][j], i == j ? 1.0 : 0.36, bound));
}

Test(nmm_white, a_matrix_gives_each_pair_its_correlation)
{
    enum { N = 40 };
    static double m[N][N];
    double c[N_CORRELATED][N_CORRELATED];
    for (size_t i = 0; i < N; i++)
        m[i][i] = 1.0;
    m[0][1] = m[1][0] = 0.5;
    m[0][N - 1] = m[N - 1][0] = -0.6;
    const cal_nmm_noise noise = {.state = "x", .level = 0.5, .correlations = &m[0][0]};
    covariance(&noise, N, 1, c);
    const double truth[N_CORRELATED][N_CORRELATED] = {{1.0, 0.5, -0.6}, {0.5, 1.0, 0.0}, {-0.6, 0.0, 1.0}};
    for (size_t i = 0; i < N_CORRELATED; i++)
        for (size_t j = 0; j < N_CORRELATED; j++)
            cr_expect(epsilon_eq(dbl, c[i][j], truth[i][j], bound), "%zu %zu: %g", i, j, c[i][j]);
}

Test(nmm_white, correlated_noise_has_the_same_bits_for_any_number_of_threads)
{
    enum { N = 200 };
    static double m[N][N], x[N];
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            m[i][j] = exp(-fabs((double)i - (double)j) / 10.0);
    for (unsigned n_threads = 1; n_threads <= 4; n_threads += 3) {
        setup s = prepare(N, n_threads);
        const cal_nmm_noise noise = {.state = "x", .level = 0.5, .correlations = &m[0][0]};
        s.def.noises = &noise;
        s.def.n_noises = 1;
        start(&s);
        go(&s, 8 * CAL_NS_PER_MS);
        for (size_t i = 0; i < N; i++) {
            x[i] = n_threads == 1 ? value(&s, i, 0) : x[i];
            cr_assert(value(&s, i, 0) == x[i], "region %zu", i);
        }
        end(&s);
    }
}

static void expect_message(const cal_nmm_noise *noises, size_t n, const char *words)
{
    setup s = prepare(2, 1);
    s.def.noises = noises;
    s.def.n_noises = n;
    s.def.couplings = &s.coupling;
    cr_expect(cal_nmm_create(s.ctx, &s.def, &s.nmm) == CAL_ERR_ARGUMENT);
    cr_expect(strstr(cal_context_message(s.ctx), words) != NULL, "\"%s\" in \"%s\"", words, cal_context_message(s.ctx));
    end(&s);
}

Test(nmm_white, wrong_noise_is_refused_with_its_reason)
{
    static const double outside[] = {1.0, 1.2, 1.2, 1.0}, skew[] = {1.0, 0.2, 0.3, 1.0}, own[] = {1.0, 0.2, 0.2, 0.9},
                        whole[] = {1.0, 1.0, 1.0, 1.0}, negative[] = {1.0, -1.0}, left[] = {1.0, 0.0},
                        right[] = {0.0, 1.0};
    static const struct {
        cal_nmm_noise noise;
        const char *words;
    } cases[] = {
        {{.state = "x", .level = -1.0}, "a level >= 0"},
        {{.state = "x", .level = NAN}, "a level >= 0"},
        {{.level = 1.0}, "a state or an input"},
        {{.state = "y", .level = 1.0}, "noise on \"y\", which no region has as a state"},
        {{.input = "c", .level = 1.0}, "noise on the input c needs a correlation time"},
        {{.state = "x", .level = 1.0, .levels = negative}, "is -1 times the common one, must be >= 0"},
        {{.state = "x", .level = 1.0, .form = (cal_noise_form)7}, "has a form that does not exist"},
        {{.state = "x", .level = 1.0, .form = CAL_NOISE_ROOT, .tau_ms = 5.0},
         "root noise on x must be white: tau is 5 ms, must be 0"},
        {{.state = "x", .level = 1.0, .correlation = 1.5}, "is 1.5, must be between 0 and 1"},
        {{.state = "x", .level = 1.0, .correlation = 0.5, .correlations = whole}, "both one correlation and a matrix"},
        {{.state = "x", .level = 1.0, .correlations = outside}, "is 1.2, must be between -1 and 1"},
        {{.state = "x", .level = 1.0, .correlations = skew}, "differ: 0.3 and 0.2; the matrix must be symmetric"},
        {{.state = "x", .level = 1.0, .correlations = own}, "with itself is 0.9, must be 1"},
        {{.state = "x", .level = 1.0, .correlations = whole}, "not positive definite"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        expect_message(&cases[k].noise, 1, cases[k].words);
    const cal_nmm_noise twice[] = {{.state = "x", .level = 1.0, .levels = left}, {.state = "x", .level = 2.0}};
    expect_message(twice, 2, "noise on x is given twice for ");
    setup s = prepare(2, 1); /* in different regions it is not */
    const cal_nmm_noise apart[] = {{.state = "x", .level = 1.0, .levels = left},
                                   {.state = "x", .level = 2.0, .levels = right}};
    s.def.noises = apart;
    s.def.n_noises = 2;
    start(&s);
    end(&s);
}
