/* Single regions and pairs: fixed points, limit cycles, trajectories, noise, order of convergence. */
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

/* ---- a linear mass, x' = -x / tau + c, of this test only ------------------------------------------- */

static const cal_field linear_params[] = {{"tau", "ms", 10.0, 0.0, INFINITY, "decay"}};
static const cal_field linear_states[] = {{"x", "1", 0.0, -INFINITY, INFINITY, "value"}};
static const cal_field linear_inputs[] = {{"c", "1/ms", 0.0, -INFINITY, INFINITY, "input"}};
static const double linear_scales[] = {1.0};

static void linear_rhs(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    for (size_t i = 0; i < n; i++)
        dx[i] = c[i] - x[i] / p[i];
}

static void linear_observe(size_t n, const double *p, const double *x, double *y)
{
    (void)p;
    memcpy(y, x, n * sizeof *y);
}

static const cal_nmm_model linear_mass = {.name = "linear", .title = "linear", .equations = "x' = -x/tau + c",
    .source = "test", .states = linear_states, .n_states = 1, .scales = linear_scales,
    .params = linear_params, .n_params = 1, .inputs = linear_inputs, .n_inputs = 1,
    .outputs = linear_states, .n_outputs = 1, .rhs = linear_rhs, .observe = linear_observe};

static net make_linear(size_t n, unsigned n_threads)
{
    net a = net_make(n, NULL, n_threads);
    for (size_t i = 0; i < n; i++) {
        a.regions[i].model = &linear_mass;
        a.params[i * NET_MAX_ROWS] = 10.0;
    }
    return a;
}

/* ---- pair/ : two regions, one driven by (1 - cos)^3 ------------------------------------------------- */

/* gain (1 - cos(2 pi f t))^3 = gain (5/2 - 15/4 cos + 3/2 cos 2 - 1/4 cos 3), f = 10 Hz: smooth at t = 0
 * up to the sixth power, so delays carry no kink and the order shows. */
static size_t add_bump(cal_nmm_stimulus *s, double gain)
{
    const double part[4] = {2.5, -3.75, 1.5, -0.25};
    s[0] = (cal_nmm_stimulus){.offset = gain * part[0]};
    for (int k = 1; k < 4; k++)
        s[k] = (cal_nmm_stimulus){.amplitude = gain * part[k], .frequency_Hz = 10.0 * k,
                                  .phase = 0.5 * CALI_PI};
    return 4;
}

static net make_pair(const cali_test_table *truth, double delay_ms, bool is_mpr, cal_nmm_stimulus *s)
{
    net a = is_mpr ? net_make(2, "mpr", 1) : make_linear(2, 1);
    size_t row = 0;
    while (cali_test_value(truth, row, "delay_ms") != delay_ms)
        row++;
    if (is_mpr) {
        const double eta[2] = {-1.0, -1.5};
        for (size_t i = 0; i < 2; i++) {
            net_set(&a, i, "tau", 10.0);
            net_set(&a, i, "Delta", 2.0);
            net_set(&a, i, "J", 6.0);
            net_set(&a, i, "eta", eta[i]);
            a.initial[i * NET_MAX_ROWS] = cali_test_value(truth, row, i == 0 ? "rA_per_ms" : "rB_per_ms");
            a.initial[i * NET_MAX_ROWS + 1] = cali_test_value(truth, row, i == 0 ? "vA" : "vB");
        }
        a.coupling[0].a = 10.0 * 1.5; /* tau G */
    } else
        a.params[NET_MAX_ROWS] = 5.0;
    net_edge(&a, 0, 1, is_mpr ? 1.0 : 0.06, delay_ms);
    net_edge(&a, 1, 0, is_mpr ? 1.0 : -0.3, delay_ms);
    a.def.n_stimuli = add_bump(s, is_mpr ? 2.0 / 4.0 : 0.05);
    a.def.stimuli = s;
    a.def.window = CAL_NS_PER_MS;
    return a;
}

/* Largest error of both signals over 200 ms by the largest signal A. */
static double pair_error(net *a, const cali_test_table *truth, double delay_ms, bool is_mpr)
{
    double worst = 0.0, size = 0.0;
    net_create(a);
    for (size_t k = 0; k < truth->n_rows; k++) {
        if (cali_test_value(truth, k, "delay_ms") != delay_ms)
            continue;
        cr_assert(net_run(a, (cal_time)(cali_test_value(truth, k, "t_ms") * 1e6)) == CAL_OK);
        const double x = cali_test_value(truth, k, is_mpr ? "rA_per_ms" : "x");
        const double y = cali_test_value(truth, k, is_mpr ? "rB_per_ms" : "y");
        worst = fmax(worst, fmax(fabs(net_state(a, 0, 0) - x), fabs(net_state(a, 1, 0) - y)));
        size = fmax(size, fabs(x));
    }
    net_restart(a);
    return worst / size;
}

/* Held schemes are of first order whatever they are without coupling; sra1 is of second without noise. */
static const struct {
    cal_integrator integrator;
    double order;
    cal_time coarse;
} fixed_steps[] = {
    {CAL_RK4, 4.0, CAL_NS_PER_MS / 4},         {CAL_HEUN, 2.0, CAL_NS_PER_MS / 8},
    {CAL_SRA1, 2.0, CAL_NS_PER_MS / 8},        {CAL_EULER, 1.0, CAL_NS_PER_MS / 16},
    {CAL_RK4_HELD, 1.0, CAL_NS_PER_MS / 8},    {CAL_HEUN_HELD, 1.0, CAL_NS_PER_MS / 8},
    {CAL_EULER_HELD, 1.0, CAL_NS_PER_MS / 16},
};
static const cal_integrator adaptive[] = {CAL_CVODE_ADAMS, CAL_CVODE_BDF, CAL_ERK};

static void expect_order(net *a, const cali_test_table *truth, double delay_ms, bool is_mpr, size_t k)
{
    double e[2];
    a->def.integrator = fixed_steps[k].integrator;
    for (int fine = 0; fine < 2; fine++) {
        a->def.dt = fixed_steps[k].coarse >> fine;
        e[fine] = pair_error(a, truth, delay_ms, is_mpr);
    }
    const double order = log2(e[0] / e[1]);
    const char *name = cal_integrator_names[fixed_steps[k].integrator];
    fprintf(stderr, "| %s, delay %g ms | %s | %g | %.2g | %.2f |\n", is_mpr ? "mpr" : "linear", delay_ms, name,
            cal_time_ms(a->def.dt), e[1], order);
    cr_expect(lt(dbl, fabs(order - fixed_steps[k].order), 0.2), "order of %s, delay %g: %g", name, delay_ms, order);
    cr_expect(lt(dbl, e[1], fixed_steps[k].order == 4.0 ? 1e-6 : 0.05));
}

static void expect_tolerance(net *a, const cali_test_table *truth, double delay_ms, bool is_mpr, cal_integrator integrator)
{
    a->def.integrator = integrator;
    a->def.dt = CAL_NS_PER_MS / 16;
    for (a->def.rtol = 1e-6; a->def.rtol > 1e-11; a->def.rtol *= 1e-2) {
        const double e = pair_error(a, truth, delay_ms, is_mpr);
        fprintf(stderr, "| %s, delay %g ms | %s | rtol %g | %.2g | |\n", is_mpr ? "mpr" : "linear", delay_ms,
                cal_integrator_names[integrator], a->def.rtol, e);
        /* the error of a run is 100 to 1000 times rtol (docs/numerics.md) */
        cr_expect(lt(dbl, e, 1000.0 * a->def.rtol), "%s, delay %g", cal_integrator_names[integrator], delay_ms);
    }
}

static void expect_pair(bool is_mpr)
{
    cali_test_table *truth =
        read_table(is_mpr ? "pair/mpr_monolithic.csv" : "pair/linear_monolithic.csv");
    if (truth == NULL)
        cr_skip_test("the reference data are not here");
    const double delays[3] = {0.0, 2.0, 5.0};
    for (int d = 0; d < 3; d++) {
        cal_nmm_stimulus s[4];
        net a = make_pair(truth, delays[d], is_mpr, s);
        for (size_t k = 0; k < 4; k++)
            s[k].region = 0;
        for (size_t k = 0; k < sizeof fixed_steps / sizeof fixed_steps[0]; k++)
            expect_order(&a, truth, delays[d], is_mpr, k);
        for (size_t k = 0; k < sizeof adaptive / sizeof adaptive[0]; k++)
            expect_tolerance(&a, truth, delays[d], is_mpr, adaptive[k]);
        net_free(&a);
    }
    cali_test_table_free(truth);
}

Test(nmm_pair, mpr_pair_keeps_its_order_across_delays)
{
    expect_pair(true);
}

Test(nmm_pair, linear_pair_keeps_its_order_across_delays)
{
    expect_pair(false);
}

/* Delays between grid points, far, near and down to the step: halving the step gains the same 16 x. */
Test(nmm_pair, delays_off_the_grid_keep_order_four)
{
    cali_test_table *truth = read_table("pair/mpr_monolithic.csv");
    if (truth == NULL)
        cr_skip_test("the reference data are not here");
    const double delays[3] = {7.7771, 1.2345, 0.2503};
    for (int d = 0; d < 3; d++) {
        double x[3];
        for (int k = 0; k < 3; k++) {
            cal_nmm_stimulus s[4];
            net a = make_pair(truth, 2.0, true, s);
            for (int q = 0; q < 4; q++)
                s[q].region = 0;
            for (size_t e = 0; e < 4; e++)
                if (a.weights[e] != 0.0)
                    a.delays_ms[e] = delays[d];
            a.def.dt = CAL_NS_PER_MS / 4 >> k;
            net_create(&a);
            cr_assert(net_run(&a, 60 * CAL_NS_PER_MS) == CAL_OK);
            x[k] = net_state(&a, 0, 0);
            net_free(&a);
        }
        const double order = log2(fabs((x[0] - x[1]) / (x[1] - x[2])));
        fprintf(stderr, "delay %g: order %.2f\n", delays[d], order);
        cr_expect(gt(dbl, order, 3.6), "delay %g", delays[d]);
    }
    cali_test_table_free(truth);
}

/* ---- Jansen-Rit alone ------------------------------------------------------------------------------ */

typedef struct cycle {
    double low, high, first, last, previous, before;
    int n_crossings, n_pairs;
} cycle;

/* Vertex of the parabola through three points, if the middle one is extreme. */
static double vertex(double a, double b, double c)
{
    const double curve = a - 2.0 * b + c;
    return curve == 0.0 ? b : b - (a - c) * (a - c) / (8.0 * curve);
}

static void follow(cycle *c, double t_ms, double dt_ms, double v, double level)
{
    const double a = c->before, b = c->previous;
    if (b >= a && b >= v)
        c->high = fmax(c->high, vertex(a, b, v));
    if (b <= a && b <= v)
        c->low = fmin(c->low, vertex(a, b, v));
    if (b < level && v >= level) {
        const double t = t_ms - dt_ms * (v - level) / (v - b);
        c->first = c->n_crossings == 0 ? t : c->first;
        c->last = c->n_crossings % 2 == 0 ? t : c->last; /* p = 120 /s crosses its mean at uneven times */
        c->n_pairs += c->n_crossings > 0 && c->n_crossings % 2 == 0;
        c->n_crossings++;
    }
    c->before = b;
    c->previous = v;
}

/* All rows of the table are one network without edges. Tolerances: 1e-4 mV, 1e-4 Hz (README). At p = 312
 * /s, next to the bifurcation at 315.7, the cycle still shrinks after 20 s, so the time that is looked
 * at counts: 20 to 40 s. */
Test(nmm_jansen_rit, limit_cycles_are_those_of_the_reference)
{
    cali_test_table *truth = read_table("jansen_rit/limit_cycle_C135.csv");
    if (truth == NULL)
        cr_skip_test("the reference data are not here");
    const size_t n = truth->n_rows;
    net a = net_make(n, "jansen-rit", 1);
    cycle *cycles = calloc(n, sizeof *cycles);
    for (size_t i = 0; i < n; i++) {
        net_set(&a, i, "v0", 6.0);
        net_set(&a, i, "mu", cali_test_value(truth, i, "p_per_s") * 1e-3);
        memset(a.initial + i * NET_MAX_ROWS, 0, 6 * sizeof(double));
    }
    a.def.dt = CAL_NS_PER_MS / 5;
    a.def.window = 10 * CAL_NS_PER_MS;
    net_create(&a);
    size_t probe, m = 0;
    const cal_probe_def def = {.what = "potential", .every = a.def.dt};
    cr_assert(cal_nmm_add_probe(a.nmm, &def, &probe, NULL) == CAL_OK);
    cr_assert(net_run(&a, 20000 * CAL_NS_PER_MS) == CAL_OK);
    const double *rows = cal_nmm_probe_rows(a.nmm, probe, &m);
    for (size_t i = 0; i < n; i++)
        cycles[i] = (cycle){.low = rows[(m - 1) * n + i], .high = rows[(m - 1) * n + i],
                            .previous = rows[(m - 1) * n + i], .before = rows[(m - 2) * n + i]};
    double t_ms = 20000.0;
    while (t_ms < 39999.0) {
        cr_assert(cal_nmm_advance(a.nmm, cal_nmm_time(a.nmm) + a.def.window) == CAL_OK);
        rows = cal_nmm_probe_rows(a.nmm, probe, &m);
        for (size_t j = 0; j < m; j++, t_ms += 0.2)
            for (size_t i = 0; i < n; i++)
                follow(&cycles[i], t_ms, 0.2, rows[j * n + i], cali_test_value(truth, i, "v_mean_mV"));
    }
    for (size_t i = 0; i < n; i++) {
        const cycle *c = &cycles[i];
        const double p = cali_test_value(truth, i, "p_per_s"), freq = cali_test_value(truth, i, "freq_Hz");
        cr_expect(epsilon_eq(dbl, c->low, cali_test_value(truth, i, "v_min_mV"), 1e-4), "p = %g", p);
        cr_expect(epsilon_eq(dbl, c->high, cali_test_value(truth, i, "v_max_mV"), 1e-4), "p = %g", p);
        if (freq > 0.0)
            cr_expect(epsilon_eq(dbl, 2e3 * c->n_pairs / (c->last - c->first), freq, 1e-4),
                      "p = %g", p);
    }
    free(cycles);
    net_free(&a);
    cali_test_table_free(truth);
}

/* Accuracy of the table 1e-11; RK4 at 0.1 ms: 1e-9 of the cycle's size times its growth. */
Test(nmm_jansen_rit, trajectories_from_zero)
{
    cali_test_table *truth = read_table("jansen_rit/trajectory_from_zero.csv");
    if (truth == NULL)
        cr_skip_test("the reference data are not here");
    const double p[3] = {150.0, 220.0, 300.0};
    net a = net_make(3, "jansen-rit", 1);
    for (size_t i = 0; i < 3; i++) {
        net_set(&a, i, "v0", 6.0);
        net_set(&a, i, "mu", p[i] * 1e-3);
        memset(a.initial + i * NET_MAX_ROWS, 0, 6 * sizeof(double));
    }
    a.def.dt = CAL_NS_PER_MS / 20;
    a.def.window = CAL_NS_PER_MS;
    double worst = 0.0;
    for (size_t i = 0; i < 3; i++) {
        net_create(&a);
        for (size_t k = 0; k < truth->n_rows; k++) {
            if (cali_test_value(truth, k, "p_per_s") != p[i])
                continue;
            cr_assert(net_run(&a, (cal_time)(cali_test_value(truth, k, "t_ms") * 1e6)) == CAL_OK);
            for (size_t s = 0; s < 6; s++)
                worst = fmax(worst, fabs(net_state(&a, i, s) - truth->values[k * truth->n_columns + 2 + s]));
        }
        net_restart(&a);
    }
    fprintf(stderr, "jr from zero: %.2g mV\n", worst);
    cr_expect(lt(dbl, worst, 1e-7));
    net_free(&a);
    cali_test_table_free(truth);
}

/* ---- fixed points ---------------------------------------------------------------------------------- */

/* A Newton step from the table's point stays within 1e-9. */
Test(nmm_mpr, fixed_points_are_those_of_the_reference)
{
    cali_test_table *truth = read_table("mpr/fixed_points.csv");
    if (truth == NULL)
        cr_skip_test("the reference data are not here");
    const cal_nmm_model *m = cal_nmm_model_find("mpr");
    for (size_t k = 0; k < truth->n_rows; k++) {
        double p[8] = {1.0, cali_test_value(truth, k, "Delta"), 0.0, cali_test_value(truth, k, "J"),
                       cali_test_value(truth, k, "eta"), cali_test_value(truth, k, "I"), 1.0, 0.0};
        const double x[2] = {cali_test_value(truth, k, "r"), cali_test_value(truth, k, "v")};
        const double c[2] = {0.0, 0.0};
        double f[2];
        m->rhs(1, p, x, c, f);
        const double pi2 = CALI_PI * CALI_PI;
        const double j00 = 2.0 * x[1], j01 = 2.0 * x[0], j10 = p[3] - 2.0 * pi2 * x[0], j11 = 2.0 * x[1];
        const double det = j00 * j11 - j01 * j10;
        cr_expect(lt(dbl, fabs((f[0] * j11 - f[1] * j01) / det), 1e-9));
        cr_expect(lt(dbl, fabs((f[1] * j00 - f[0] * j10) / det), 1e-9));
    }
    cali_test_table_free(truth);
}

/* The network's drive of the table: I = 3 sin(pi t / 20), 3 sin(pi t / 50) from t = 0, or 3 in [0, 30). */
typedef struct course {
    const char *table;
    cal_nmm_stimulus drive;
    double from_ms; /* time of the table's first row; the host's clock begins there */
} course;
static const course courses[] = {
    {"mpr/mf_sin20.csv", {.amplitude = 3.0, .frequency_Hz = 25.0}, 0.0},
    {"mpr/mf_sin50.csv", {.amplitude = 3.0, .frequency_Hz = 10.0}, 0.0},
    {"mpr/mf_step.csv", {.offset = 3.0, .start = 5 * CAL_NS_PER_MS, .stop = 35 * CAL_NS_PER_MS}, -5.0},
};
/* BDF gathers more of its local errors than Adams does: tighter */
static const struct {
    cal_integrator kind;
    double rtol;
    cal_time dt;
} follow_by[] = {{CAL_CVODE_ADAMS, 1e-8, CAL_NS_PER_MS / 10},
                 {CAL_CVODE_BDF, 3e-9, CAL_NS_PER_MS / 10},
                 {CAL_RK4, 1e-8, CAL_NS_PER_MS / 200}};
enum { N_COURSES = sizeof courses / sizeof courses[0], N_FOLLOW = sizeof follow_by / sizeof follow_by[0] };

static double worst_of_course(const course *c, cali_test_table *truth, int by)
{
    net a = net_make(1, "mpr", 1);
    a.initial[0] = truth->values[1];
    a.initial[1] = truth->values[2];
    a.def.stimuli = &c->drive;
    a.def.n_stimuli = 1;
    a.def.integrator = follow_by[by].kind;
    a.def.rtol = follow_by[by].rtol;
    a.def.dt = follow_by[by].dt;
    a.def.window = CAL_NS_PER_MS;
    net_create(&a);
    double worst = 0.0;
    for (size_t k = 1; k < truth->n_rows; k++) {
        const double t_ms = truth->values[3 * k] - c->from_ms;
        cr_assert(cal_nmm_advance(a.nmm, (cal_time)(t_ms * 1e6 + 0.5)) == CAL_OK);
        worst = fmax(worst, fabs(net_state(&a, 0, 0) - truth->values[3 * k + 1]));
    }
    net_free(&a);
    return worst;
}

/* Tolerance for an adaptive solver at 1e-8: 1e-5 (README). */
Test(nmm_mpr, follows_sines_and_steps_of_its_drive)
{
    for (int i = 0; i < N_COURSES; i++) {
        cali_test_table *truth = read_table(courses[i].table);
        if (truth == NULL)
            cr_skip_test("the reference data are not here");
        cr_assert(fabs(truth->values[0] - courses[i].from_ms) < 1e-9);
        for (int by = 0; by < N_FOLLOW; by++) {
            const double worst = worst_of_course(&courses[i], truth, by);
            fprintf(stderr, "%s by %s: %.2g\n", courses[i].table, cal_integrator_names[follow_by[by].kind], worst);
            cr_expect(lt(dbl, worst, 1e-5), "%s by %s", courses[i].table, cal_integrator_names[follow_by[by].kind]);
        }
        cali_test_table_free(truth);
    }
}

/* The right-hand side changes its sign within 1e-8 of each fixed point of the table. */
Test(nmm_wong_wang, fixed_points_are_those_of_the_reference)
{
    cali_test_table *truth = read_table("wongwang/deco2013_fixed_points.csv");
    if (truth == NULL)
        cr_skip_test("the reference data are not here");
    const cal_nmm_model *m = cal_nmm_model_find("reduced-wong-wang");
    for (size_t k = 0; k < truth->n_rows; k++) {
        const double p[8] = {0.27, 0.108, 154.0, 0.641, 100.0, cali_test_value(truth, k, "w"), 0.2609,
                             cali_test_value(truth, k, "I0_nA")};
        const double s = cali_test_value(truth, k, "S"), no_input = 0.0;
        const double low = s - 1e-8, high = s + 1e-8;
        double f[2];
        m->rhs(1, p, &low, &no_input, &f[0]);
        m->rhs(1, p, &high, &no_input, &f[1]);
        cr_expect(f[0] * f[1] < 0.0, "w %g, I0 %g, S %g", p[5], p[7], s);
    }
    cali_test_table_free(truth);
}

/* With inhibition: a Newton step from each fixed point of the table stays within its tolerance, 1e-8. */
Test(nmm_wong_wang, fixed_points_with_inhibition_are_those_of_the_reference)
{
    static const char *const names[] = {"reduced-wong-wang-exc-inh", "deco-balanced-exc-inh"};
    cali_test_table *truth = read_table("wongwang/deco2014_fixed_points.csv");
    if (truth == NULL)
        cr_skip_test("the reference data are not here");
    for (size_t k = 0; k < 2 * truth->n_rows; k++) {
        const cal_nmm_model *m = cal_nmm_model_find(names[k % 2]);
        double p[32], f[2], high[2], low[2], j[2][2];
        for (size_t q = 0; q < m->n_params; q++)
            p[q] = m->params[q].value;
        p[cal_field_find(m->params, m->n_params, "J_i")] = cali_test_value(truth, k / 2, "J_i");
        p[cal_field_find(m->params, m->n_params, "I_ext")] = cali_test_value(truth, k / 2, "I_ext_nA");
        cal_nmm_model_derive(m, 1, p);
        const double x[2] = {cali_test_value(truth, k / 2, "S_E"), cali_test_value(truth, k / 2, "S_I")}, no_input = 0.0;
        m->rhs(1, p, x, &no_input, f);
        for (int s = 0; s < 2; s++) {
            double y[2] = {x[0], x[1]};
            y[s] = x[s] + 1e-5;
            m->rhs(1, p, y, &no_input, high);
            y[s] = x[s] - 1e-5;
            m->rhs(1, p, y, &no_input, low);
            for (int r = 0; r < 2; r++)
                j[r][s] = (high[r] - low[r]) / 2e-5;
        }
        const double det = j[0][0] * j[1][1] - j[0][1] * j[1][0];
        cr_expect(lt(dbl, fabs((f[0] * j[1][1] - f[1] * j[0][1]) / det), 1e-8), "%s, row %zu", m->name, k / 2);
        cr_expect(lt(dbl, fabs((f[1] * j[0][0] - f[0] * j[1][0]) / det), 1e-8), "%s, row %zu", m->name, k / 2);
    }
    cali_test_table_free(truth);
}

/* The rate is smooth where numerator and denominator vanish: a x = b. */
Test(nmm_wong_wang, rate_is_finite_where_its_quotient_is_not)
{
    const cal_nmm_model *m = cal_nmm_model_find("reduced-wong-wang");
    const double p[8] = {0.27, 0.108, 154.0, 0.641, 100.0, 0.0, 0.2609, 0.4};
    const double s = 0.0, no_input = 0.0;
    double dx;
    m->rhs(1, p, &s, &no_input, &dx);
    cr_expect(epsilon_eq(dbl, dx, 0.641 / 154.0, 1e-15)); /* H -> 1 / d */
}

/* ---- noise ----------------------------------------------------------------------------------------- */

/* A given Ornstein-Uhlenbeck path into y4, A a u, linear between grid points; tolerance 1e-8 mV. */
Test(nmm_noise, jansen_rit_on_a_given_coloured_path)
{
    cali_test_table *u = read_table("noise/ou_path.csv"), *truth = read_table("noise/jr_on_ou_path.csv");
    if (u == NULL || truth == NULL)
        cr_skip_test("the reference data are not here");
    for (int method = 0; method < 2; method++) {
        net a = net_make(1, "jansen-rit", 1);
        double *path = calloc(u->n_rows, sizeof *path);
        for (size_t k = 0; k < u->n_rows; k++)
            path[k] = 3.25 * 0.1 * u->values[2 * k + 1];
        net_set(&a, 0, "v0", 6.0);
        net_set(&a, 0, "mu", 0.2);
        for (size_t s = 0; s < 6; s++)
            a.initial[s] = truth->values[1 + s];
        const cal_nmm_noise noise = {.state = "y4", .level = 1.0, .tau_ms = 5.0};
        a.def.noises = &noise;
        a.def.n_noises = 1;
        a.def.dt = CAL_NS_PER_MS / 10;
        a.def.window = CAL_NS_PER_MS;
        a.def.integrator = method == 0 ? CAL_RK4 : CAL_CVODE_ADAMS;
        a.def.rtol = 1e-10;
        net_create(&a);
        cali_nmm_inject_path(a.nmm, path, u->n_rows);
        double worst = 0.0;
        for (size_t k = 1; k < truth->n_rows; k++) {
            cr_assert(net_run(&a, (cal_time)(truth->values[7 * k] * 1e6 + 0.5)) == CAL_OK);
            for (size_t s = 0; s < 6; s++)
                worst = fmax(worst, fabs(net_state(&a, 0, s) - truth->values[7 * k + 1 + s]));
        }
        fprintf(stderr, "jr on ou path, %s: %.2g\n", cal_integrator_names[a.def.integrator], worst);
        cr_expect(lt(dbl, worst, method == 0 ? 1e-8 : 1e-6));
        free(path);
        net_free(&a);
    }
    cali_test_table_free(u);
    cali_test_table_free(truth);
}

static double variance_at(double tau_ms, const cal_nmm_noise *noise, cal_time t)
{
    enum { N = 1000 };
    net a = make_linear(N, 1);
    for (size_t i = 0; i < N; i++)
        a.params[i * NET_MAX_ROWS] = tau_ms;
    a.def.noises = noise;
    a.def.n_noises = 1;
    a.def.integrator = CAL_INTEGRATOR_AUTO;
    net_create(&a);
    cr_assert(net_run(&a, t) == CAL_OK);
    double sum = 0.0, square = 0.0;
    for (size_t i = 0; i < N; i++) {
        sum += net_state(&a, i, 0);
        square += net_state(&a, i, 0) * net_state(&a, i, 0);
    }
    net_free(&a);
    return square / N - sum / N * sum / N;
}

/* x' = -x / tau + level dW/dt has the variance level^2 tau / 2; with tau infinite, level^2 t. Of 1000
 * regions the estimate scatters by sqrt(2 / 1000) = 4.5 %: five of them. */
Test(nmm_noise, white_noise_has_the_stated_level)
{
    const cal_nmm_noise noise = {.state = "x", .level = 0.3};
    cr_expect(epsilon_eq(dbl, variance_at(5.0, &noise, 40 * CAL_NS_PER_MS) / (0.09 * 2.5), 1.0, 0.22));
    cr_expect(epsilon_eq(dbl, variance_at(1e12, &noise, 40 * CAL_NS_PER_MS) / (0.09 * 40.0), 1.0, 0.22));
}

/* An Ornstein-Uhlenbeck input of standard deviation s and time tau_n into x' = -x / tau + u gives the
 * variance s^2 tau^2 tau_n / (tau + tau_n). */
Test(nmm_noise, coloured_noise_has_the_stated_level_and_time)
{
    const cal_nmm_noise noise = {.state = "x", .level = 0.3, .tau_ms = 4.0};
    const double truth = 0.09 * 25.0 * 4.0 / 9.0;
    cr_expect(epsilon_eq(dbl, variance_at(5.0, &noise, 80 * CAL_NS_PER_MS) / truth, 1.0, 0.22));
}
