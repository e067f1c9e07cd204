/* The forms of the column of Jansen and Rit: with a noisy drive, with excitatory and inhibitory drive. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "base/numeric.h"
#include "callosum/nmm.h"
#include "support/nmm_net.h"

enum { N_STATES = 6 };
static const double state[N_STATES] = {0.08, 12.0, 7.0, 0.01, -0.4, 0.3};

/* Derivatives at `state`; parameters are those of the model's list with v0 = 6 mV, mu = 0.22/ms. */
static void derive(const char *name, double mu_inh, const double *c, double *dx)
{
    double params[32];
    const cal_nmm_model *m = cal_nmm_model_find(name);
    cr_assert(m != NULL && m->n_states == N_STATES);
    for (size_t k = 0; k < m->n_params; k++)
        params[k] = m->params[k].value;
    params[cal_field_find(m->params, m->n_params, "v0")] = 6.0;
    params[cal_field_find(m->params, m->n_params, "mu")] = 0.22;
    const int k = cal_field_find(m->params, m->n_params, "mu_inh");
    if (k >= 0)
        params[k] = mu_inh;
    m->rhs(1, params, state, c, dx);
}

/* Without inhibitory input all forms are the column itself, to the bit. */
Test(nmm_jansen_rit_forms, without_inhibitory_input_they_are_the_column)
{
    const double c[2] = {0.03, 0.0};
    double plain[N_STATES], noisy[N_STATES], two[N_STATES];
    derive("jansen-rit", 0.0, c, plain);
    derive("jr-noisy", 0.0, c, noisy);
    derive("jr-two-input", 0.0, c, two);
    for (size_t s = 0; s < N_STATES; s++) {
        cr_expect(eq(dbl, noisy[s], plain[s]));
        cr_expect(eq(dbl, two[s], plain[s]));
    }
}

/* An inhibitory rate q passes the inhibitory filter: y5' grows by B b q = 22 x 0.05 q, nothing else changes. */
Test(nmm_jansen_rit_forms, inhibitory_rates_pass_the_inhibitory_filter)
{
    static const char *const names[2] = {"jansen-rit-noisy", "jansen-rit-two-input"};
    const double none[2] = {0.0, 0.0}, some[2] = {0.0, 0.04}, means[2] = {0.0, 0.13};
    for (int k = 0; k < 2; k++) {
        double without[N_STATES], with[N_STATES];
        derive(names[k], 0.0, none, without);
        derive(names[k], means[k], some, with);
        for (size_t s = 0; s < N_STATES; s++) {
            const double grows = s == 5 ? 22.0 * 0.05 * (0.04 + means[k]) : 0.0;
            cr_expect(epsilon_eq(dbl, with[s] - without[s], grows, 1e-15), "%s: state %zu", names[k], s);
        }
    }
}

/* Cut off from the column's feedback (J = 0), both filters settle at their gain: y1 = A mu / a, y2 = B mu_inh / b. */
Test(nmm_jansen_rit_forms, both_drives_settle_at_the_gain_of_their_filters)
{
    net a = net_make(1, "jansen-rit-two-input", 1);
    net_set(&a, 0, "J", 0.0);
    net_set(&a, 0, "mu_inh", 0.07);
    net_create(&a);
    cr_assert(net_run(&a, 800 * CAL_NS_PER_MS) == CAL_OK); /* 40 time constants of the slower one */
    cr_expect(epsilon_eq(dbl, net_state(&a, 0, 1), 3.25 * 0.13 / 0.1, 1e-12));
    cr_expect(epsilon_eq(dbl, net_state(&a, 0, 2), 22.0 * 0.07 / 0.05, 1e-12));
    net_free(&a);
}

/* Power at a frequency of n values every dt_ms. */
static double power(const double *x, size_t n, double dt_ms, double frequency_Hz)
{
    double mean = 0.0, re = 0.0, im = 0.0;
    for (size_t k = 0; k < n; k++)
        mean += x[k] / (double)n;
    for (size_t k = 0; k < n; k++) {
        const double t = (double)k * dt_ms * 1e-3, hann = 1.0 - cos(2.0 * CALI_PI * (double)k / (double)n);
        re += hann * (x[k] - mean) * cos(2.0 * CALI_PI * frequency_Hz * t);
        im += hann * (x[k] - mean) * sin(2.0 * CALI_PI * frequency_Hz * t);
    }
    return re * re + im * im;
}

/* Driven by a rate between 120 and 320 /s the column shows alpha rhythm, near 10.8 Hz (Jansen & Rit 1995;
 * 10.8 Hz is the limit cycle's frequency at 220 /s). Noise of that spread, 200 / sqrt(12) /s, changes every few ms. */
Test(nmm_jansen_rit_forms, a_noisy_drive_gives_alpha_rhythm)
{
    enum { N_SEGMENTS = 12, N_POINTS = 1000 }; /* of 4 s, every 4 ms */
    static double v[N_POINTS];
    net a = net_make(1, "jansen-rit-noisy", 1);
    const cal_nmm_noise noise = {.input = "c", .level = 0.2 / sqrt(12.0), .tau_ms = 2.0};
    net_set(&a, 0, "mu", 0.22);
    a.def.noises = &noise;
    a.def.n_noises = 1;
    a.def.window = 4 * CAL_NS_PER_MS;
    net_create(&a);
    cr_assert(net_run(&a, 2000 * CAL_NS_PER_MS) == CAL_OK);
    double spectrum[57] = {0.0}, best = 0.0; /* 2 to 30 Hz */
    for (int s = 0; s < N_SEGMENTS; s++) {
        for (size_t k = 0; k < N_POINTS; k++) {
            cr_assert(net_run(&a, cal_nmm_time(a.nmm) + a.def.window) == CAL_OK);
            v[k] = net_state(&a, 0, 1) - net_state(&a, 0, 2);
        }
        for (size_t f = 0; f < 57; f++)
            spectrum[f] += power(v, N_POINTS, 4.0, 2.0 + 0.5 * (double)f);
    }
    for (size_t f = 0; f < 57; f++)
        if (spectrum[f] > spectrum[(size_t)(2.0 * best)])
            best = 0.5 * (double)f;
    fprintf(stderr, "noisy column: peak at %.1f Hz\n", best + 2.0);
    cr_expect(epsilon_eq(dbl, best + 2.0, 10.8, 0.8)); /* bins of 0.5 Hz, and noise broadens the line */
    net_free(&a);
}

/* The form of Leon is that of Zetterberg and Jansen, but for two things: rates arrive as they are, without the S(0) that
 * a silent input adds there, and v5 is a filter like v3 (k5 = ki). */
Test(nmm_jansen_rit_forms, the_form_of_leon_is_that_of_zetterberg_driven_by_rates)
{
    const cal_nmm_model *leon = cal_nmm_model_find("jansen-rit-leon"), *zj = cal_nmm_model_find("zetterberg-jansen");
    double p_leon[32], p_zj[32], x[12], dx_leon[12], dx_zj[12];
    for (size_t k = 0; k < zj->n_params; k++)
        p_zj[k] = zj->params[k].value;
    p_zj[cal_field_find(zj->params, zj->n_params, "k5")] = 0.05;
    for (size_t k = 0; k < leon->n_params; k++)
        p_leon[k] = p_zj[cal_field_find(zj->params, zj->n_params, leon->params[k].name)];
    for (int k = 0; k < 12; k++)
        x[k] = 3.0 * sin(1.7 * k + 0.3);
    const double at_zero = 0.005 / (1.0 + exp(0.56 * 6.0)), c_leon[1] = {0.04}, c_zj[2] = {0.0, 0.04 - at_zero};
    leon->rhs(1, p_leon, x, c_leon, dx_leon);
    zj->rhs(1, p_zj, x, c_zj, dx_zj);
    for (int s = 0; s < 12; s++) {
        cr_expect(eq(str, (char *)leon->states[s].name, (char *)zj->states[s].name));
        cr_expect(epsilon_eq(dbl, dx_leon[s], dx_zj[s], 1e-14));
    }
}

/* Cut off (all gammas within the column 0), v1 settles at the gain of its filter, He (U + c) / ke. */
Test(nmm_jansen_rit_forms, rates_settle_at_the_gain_of_the_filters_of_leon)
{
    net a = net_make(1, "jr-leon", 1);
    static const char *const within[] = {"gamma_1", "gamma_2", "gamma_3", "gamma_4", "gamma_5"};
    const cal_nmm_stimulus stimulus = {.input = "c", .offset = 0.03};
    for (size_t k = 0; k < 5; k++)
        net_set(&a, 0, within[k], 0.0);
    a.def.stimuli = &stimulus;
    a.def.n_stimuli = 1;
    net_create(&a);
    cr_assert(net_run(&a, 800 * CAL_NS_PER_MS) == CAL_OK);
    cr_expect(epsilon_eq(dbl, net_state(&a, 0, 0), 3.25 * (0.12 + 0.03) / 0.1, 1e-12));
    net_free(&a);
}
