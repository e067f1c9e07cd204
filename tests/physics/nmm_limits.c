/* Where one mass becomes another, or has a solution in closed form: checks of the equations that need no other program. */
#include <complex.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/random.h"
#include "support/nmm_net.h"

enum { POINTS = 50, ROWS = 32 };

/* One mass at one point: parameters, states and inputs by name, at their defaults first. */
typedef struct point {
    const cal_nmm_model *m;
    double p[ROWS], x[ROWS], c[ROWS], dx[ROWS], y[ROWS];
} point;

static point at_defaults(const char *name)
{
    point a = {.m = cal_nmm_model_find(name)};
    cr_assert(a.m != NULL && a.m->n_params + a.m->n_derived <= ROWS && a.m->n_outputs <= ROWS);
    for (size_t k = 0; k < a.m->n_params; k++)
        a.p[k] = a.m->params[k].value;
    for (size_t k = 0; k < a.m->n_states; k++)
        a.x[k] = a.m->states[k].value;
    return a;
}

static double *named(double *values, const cal_field *fields, size_t n, const char *name)
{
    const int k = cal_field_find(fields, n, name);
    cr_assert(k >= 0, "no %s", name);
    return &values[k];
}

static void param(point *a, const char *name, double value)
{
    *named(a->p, a->m->params, a->m->n_params, name) = value;
}

static void state(point *a, const char *name, double value)
{
    *named(a->x, a->m->states, a->m->n_states, name) = value;
}

static void input(point *a, const char *name, double value)
{
    *named(a->c, a->m->inputs, a->m->n_inputs, name) = value;
}

static void evaluate(point *a)
{
    cal_nmm_model_derive(a->m, 1, a->p);
    a->m->rhs(1, a->p, a->x, a->c, a->dx);
    a->m->observe(1, a->p, a->x, a->y);
}

static double slope(point *a, const char *name)
{
    return *named(a->dx, a->m->states, a->m->n_states, name);
}

static double output(point *a, const char *name)
{
    return *named(a->y, a->m->outputs, a->m->n_outputs, name);
}

/* Evenly from low to high, another number for each (sample, use). */
static double draw(uint32_t sample, uint32_t use, double low, double high)
{
    const cali_random r = cali_philox(cali_key_from_seed(3), sample, use, 5, 0);
    return low + (high - low) * cali_uniform(r.word[0], r.word[1]);
}

static void expect_near(double a, double b, const char *what)
{
    cr_expect(epsilon_eq(dbl, a, b, 1e-13 * fmax(1.0, fabs(b))), "%s", what); /* sums in another order */
}

/* ---- quadratic integrate-and-fire neurons -------------------------------------------------------- */

/* Montbrio, Pazo and Roxin's mean field under the same drive. */
static point mean_field(double tau, double delta, double eta, double weight, double r, double v, double drive)
{
    point a = at_defaults("mpr");
    param(&a, "tau", tau);
    param(&a, "Delta", delta);
    param(&a, "eta", eta);
    param(&a, "J", weight);
    state(&a, "r", r);
    state(&a, "V", v);
    input(&a, "c_r", drive);
    evaluate(&a);
    return a;
}

/* Without adaptation, alpha = 0 and A = B = 0, both adaptive masses are the plain mean field. */
Test(nmm_limits, without_adaptation_the_adaptive_masses_are_the_mean_field)
{
    static const char *const names[] = {"gsk-sd", "gsk-sf"};
    for (uint32_t i = 0; i < 2 * POINTS; i++) {
        const double tau = draw(i, 0, 0.5, 20.0), delta = draw(i, 1, 0.0, 3.0), eta = draw(i, 2, -10.0, 10.0);
        const double r = draw(i, 3, 0.0, 2.0), v = draw(i, 4, -3.0, 3.0), c = draw(i, 5, -1.0, 1.0);
        point a = at_defaults(names[i % 2]), b = mean_field(tau, delta, eta, 15.0, r, v, c);
        param(&a, "tau", tau);
        param(&a, "Delta", delta);
        param(&a, "eta", eta);
        param(&a, "J", 15.0);
        param(&a, "alpha", 0.0);
        state(&a, "r", r);
        state(&a, "V", v);
        input(&a, "c_r", c);
        evaluate(&a);
        expect_near(slope(&a, "r"), slope(&b, "r"), names[i % 2]);
        expect_near(slope(&a, "V"), slope(&b, "V"), names[i % 2]);
        cr_expect(eq(dbl, slope(&a, "A"), 0.0));
        cr_expect(eq(dbl, slope(&a, "B"), 0.0));
    }
}

/* With synapses at their steady state J r each population of Dumont and Gutkin's is a mean field with weight J; input
 * reaches the inhibitory one Gamma times. */
Test(nmm_limits, with_steady_synapses_two_populations_are_two_mean_fields)
{
    for (uint32_t i = 0; i < POINTS; i++) {
        const double r_e = draw(i, 0, 0.0, 1.0), v_e = draw(i, 1, -3.0, 3.0), r_i = draw(i, 2, 0.0, 1.0);
        const double v_i = draw(i, 3, -3.0, 3.0), c = draw(i, 4, -1.0, 1.0);
        point a = at_defaults("dumont-gutkin");
        param(&a, "J_ee", 7.0);
        param(&a, "J_ei", 0.0);
        param(&a, "Gamma", 3.0);
        param(&a, "tau_i", 14.0);
        param(&a, "tau_s", 2.0);
        state(&a, "r_e", r_e);
        state(&a, "V_e", v_e);
        state(&a, "s_ee", 7.0 * r_e);
        state(&a, "r_i", r_i);
        state(&a, "V_i", v_i);
        state(&a, "s_ii", 15.0 * r_i);
        input(&a, "c", c);
        evaluate(&a);
        point e = mean_field(10.0, 1.0, -5.0, 7.0, r_e, v_e, 0.0), h = mean_field(14.0, 1.0, -5.0, -15.0, r_i, v_i, 0.0);
        expect_near(slope(&a, "r_e"), slope(&e, "r"), "r_e");
        expect_near(slope(&a, "V_e"), slope(&e, "V"), "V_e");
        expect_near(slope(&a, "r_i"), slope(&h, "r"), "r_i");
        expect_near(slope(&a, "V_i"), slope(&h, "V"), "V_i");
        expect_near(slope(&a, "s_ee"), c / 2.0, "s_ee");
        expect_near(slope(&a, "s_ie"), 3.0 * c / 2.0, "s_ie");
        expect_near(slope(&a, "s_ii"), 0.0, "s_ii");
    }
}

/* Without conductance both Coombes-Byrne masses are the mean field with tau = 1 ms and no weight; where the synapses
 * are at their steady state g = k pi r, the larger one moves r and V as the smaller one does. The synchrony is |Z| with
 * Z = (1 - W*) / (1 + W*), W = pi r + i V: Montbrio et al. (2015), equation 14. */
Test(nmm_limits, coombes_byrne_without_conductance_is_the_mean_field)
{
    for (uint32_t i = 0; i < POINTS; i++) {
        const double r = draw(i, 0, 0.0, 2.0), v = draw(i, 1, -3.0, 3.0), c = draw(i, 2, -1.0, 1.0);
        const double k = i % 2 == 0 ? 0.0 : draw(i, 3, 0.0, 2.0);
        point a = at_defaults("coombes-byrne"), b = at_defaults("coombes-byrne-2d");
        point *const both[] = {&a, &b};
        for (int j = 0; j < 2; j++) {
            param(both[j], "Delta", 0.7);
            param(both[j], "eta", 3.0);
            param(both[j], "v_syn", -6.0);
            param(both[j], "k", k);
            state(both[j], "r", r);
            state(both[j], "V", v);
            input(both[j], "c", c);
        }
        state(&a, "g", k * acos(-1.0) * r);
        evaluate(&a);
        evaluate(&b);
        point plain = mean_field(1.0, 0.7, 3.0, 0.0, r, v, c);
        expect_near(slope(&a, "r"), slope(k == 0.0 ? &plain : &b, "r"), "r");
        expect_near(slope(&a, "V"), slope(k == 0.0 ? &plain : &b, "V"), "V");
        expect_near(slope(&a, "q"), 0.0, "q"); /* q = 0 and g steady */
        const double complex w = acos(-1.0) * r + v * I;
        const double truth = cabs((1.0 - conj(w)) / (1.0 + conj(w)));
        expect_near(output(&a, "synchrony"), truth, "synchrony");
        expect_near(output(&b, "synchrony"), truth, "synchrony");
    }
}

/* ---- others ---------------------------------------------------------------------------------------- */

/* A gain of 1 changes no bit, another gain acts as steeper responses with the same d. */
Test(nmm_limits, deco_balanced_with_gain_one_is_reduced_wong_wang)
{
    for (uint32_t i = 0; i < POINTS; i++) {
        const double gain = i % 2 == 0 ? 1.0 : draw(i, 0, 0.5, 3.0);
        point a = at_defaults("deco-balanced-exc-inh"), b = at_defaults("reduced-wong-wang-exc-inh");
        param(&a, "M_i", gain);
        param(&b, "a_e", gain * 0.31);
        param(&b, "b_e", gain * 0.125);
        param(&b, "a_i", gain * 0.615);
        param(&b, "b_i", gain * 0.177);
        point *const both[] = {&a, &b};
        for (int j = 0; j < 2; j++) {
            param(both[j], "lambda", 0.3);
            state(both[j], "S_e", draw(i, 1, 0.0, 1.0));
            state(both[j], "S_i", draw(i, 2, 0.0, 1.0));
            input(both[j], "c", draw(i, 3, -1.0, 1.0));
            evaluate(both[j]);
        }
        expect_near(slope(&a, "S_e"), slope(&b, "S_e"), "S_e");
        expect_near(slope(&a, "S_i"), slope(&b, "S_i"), "S_i");
    }
}

/* A threshold with dynamics of its own relaxes to its input with tauT; without, it moves as x does. */
Test(nmm_limits, hopfield_thresholds_have_their_own_input_or_follow)
{
    point a = at_defaults("hopfield");
    param(&a, "taux", 2.0);
    param(&a, "tauT", 10.0);
    state(&a, "x", 0.5);
    state(&a, "theta", 0.25);
    input(&a, "c", 1.5);
    input(&a, "c_theta", -0.75);
    evaluate(&a);
    cr_expect(eq(dbl, slope(&a, "x"), 0.5));
    cr_expect(eq(dbl, slope(&a, "theta"), 0.5));
    param(&a, "dynamic", 1.0);
    evaluate(&a);
    cr_expect(eq(dbl, slope(&a, "x"), 0.5));
    cr_expect(epsilon_eq(dbl, slope(&a, "theta"), -0.1, 1e-16));
}

static net single(const char *name)
{
    net a = net_make(1, name, 1);
    a.def.n_couplings = 0;
    a.def.dt = CAL_NS_PER_MS / 20;
    a.def.window = CAL_NS_PER_MS;
    return a;
}

/* The normal form in polar coordinates: radius^2 = a / (1 + (a / r0^2 - 1) exp(-2 a t)), angle = omega t. */
Test(nmm_limits, a_hopf_mass_moves_to_its_circle)
{
    static const double growths[] = {0.2, -0.1};
    for (int j = 0; j < 2; j++) {
        const double a = growths[j], omega = 0.3, r0 = 0.2, t_ms = 30.0;
        net n = single("sup-hopf");
        net_set(&n, 0, "a", a);
        net_set(&n, 0, "omega", omega);
        n.initial[0] = r0;
        n.initial[1] = 0.0;
        net_create(&n);
        cr_assert(net_run(&n, 30 * CAL_NS_PER_MS) == CAL_OK);
        const double radius = sqrt(a / (1.0 + (a / (r0 * r0) - 1.0) * exp(-2.0 * a * t_ms)));
        /* fourth order: (0.05 * 0.3)^4 * 30 * 0.3 / 120 = 4e-9 */
        cr_expect(epsilon_eq(dbl, net_state(&n, 0, 0), radius * cos(omega * t_ms), 1e-8));
        cr_expect(epsilon_eq(dbl, net_state(&n, 0, 1), radius * sin(omega * t_ms), 1e-8));
        net_free(&n);
    }
}

Test(nmm_limits, a_linear_mass_decays)
{
    net n = single("linear");
    net_set(&n, 0, "gamma", -0.5);
    n.initial[0] = 2.0;
    net_create(&n);
    cr_assert(net_run(&n, 10 * CAL_NS_PER_MS) == CAL_OK);
    cr_expect(epsilon_eq(dbl, net_state(&n, 0, 0), 2.0 * exp(-5.0), 1e-9)); /* 0.025^4 * 5 / 120 * 0.013 */
    net_free(&n);
}

/* Zetterberg and Jansen's column is Jansen and Rit's where the interneurons get nothing from outside and do not inhibit
 * themselves: v1 = a_1 J y0, v4 = a_3 J y0, v5 = 0, v2 = y1, v3 = y2, and P with the rate S(0) of no coupling is mu. */
Test(nmm_limits, zetterberg_jansen_contains_jansen_rit)
{
    const double at_0 = 0.005 / (1.0 + exp(0.56 * 6.0));
    net zj = single("zetterberg-jansen"), jr = single("jansen-rit");
    net_set(&jr, 0, "v0", 6.0);
    net_set(&zj, 0, "gamma_5", 0.0);
    net_set(&zj, 0, "gamma_1T", 0.0);
    net_set(&zj, 0, "gamma_3T", 0.0);
    net_set(&zj, 0, "P", 0.22 - at_0);
    memset(jr.initial, 0, 6 * sizeof(double));
    net_create(&zj);
    net_create(&jr);
    double largest = 0.0;
    for (int t_ms = 10; t_ms <= 500; t_ms += 10) {
        cr_assert(net_run(&zj, t_ms * CAL_NS_PER_MS) == CAL_OK);
        cr_assert(net_run(&jr, t_ms * CAL_NS_PER_MS) == CAL_OK);
        const double y1 = net_state(&jr, 0, 1), y2 = net_state(&jr, 0, 2);
        /* the same steps of the same equations; roundings grow along the cycle */
        cr_expect(epsilon_eq(dbl, net_state(&zj, 0, 2), y1, 1e-9));
        cr_expect(epsilon_eq(dbl, net_state(&zj, 0, 4), y2, 1e-9));
        cr_expect(epsilon_eq(dbl, net_state(&zj, 0, 10), y1 - y2, 1e-9));
        cr_expect(epsilon_eq(dbl, net_state(&zj, 0, 0), 135.0 * net_state(&jr, 0, 0), 1e-8));
        largest = fmax(largest, fabs(y1 - y2));
    }
    cr_expect(gt(dbl, largest, 5.0)); /* the alpha rhythm, not rest */
    net_free(&zj);
    net_free(&jr);
}
