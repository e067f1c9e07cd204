/* The thalamus against neurolib's own derivatives and series, and its rhythms. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "support/neurolib_values.h"
#include "support/nmm_net.h"

enum { N_STATES = 15, V_T = 0, S_ET = 7, DS_ET = 11 };

static const cal_nmm_model *thalamus(double *params)
{
    const cal_nmm_model *m = cal_nmm_model_find("thalamus");
    cr_assert(m != NULL && m->n_states == N_STATES);
    for (size_t k = 0; k < m->n_params; k++)
        params[k] = m->params[k].value;
    return m;
}

/* The values are differences of one Euler step of 1/64 ms: roundings of the states (80 mV) by 64, 1e-12. ds_et is the
 * filter of the cortical input, which neurolib leaves out: gamma_e^2 (c_t - s_et) - 2 gamma_e ds_et. */
Test(nmm_thalamus, derivatives_are_those_of_neurolib)
{
    double params[64], dx[N_STATES], worst = 0.0;
    const double c[2] = {0.0, 0.0};
    const cal_nmm_model *m = thalamus(params);
    for (size_t i = 0; i < NEUROLIB_SAMPLES; i++) {
        const double *x = neurolib_thalamus_x[i], *truth = neurolib_thalamus_dx[i];
        m->rhs(1, params, x, c, dx);
        for (size_t s = 0; s < N_STATES; s++) {
            const double input = -0.07 * 0.07 * x[S_ET] - 2.0 * 0.07 * x[DS_ET];
            const double expected = s == DS_ET ? input : truth[s];
            worst = fmax(worst, fabs(dx[s] - expected) / fmax(1.0, fabs(expected)));
        }
    }
    fprintf(stderr, "thalamus: derivatives differ by %.2g\n", worst);
    cr_expect(lt(dbl, worst, 2e-12));
}

/* Inputs of rates pass the filter of excitation. */
Test(nmm_thalamus, cortical_rates_excite_both_populations)
{
    double params[64], without[N_STATES], with[N_STATES];
    const double none[2] = {0.0, 0.0}, some[2] = {0.3, 0.5};
    const cal_nmm_model *m = thalamus(params);
    m->rhs(1, params, neurolib_thalamus_x[0], none, without);
    m->rhs(1, params, neurolib_thalamus_x[0], some, with);
    for (size_t s = 0; s < N_STATES; s++) {
        const double rate = s == DS_ET ? 0.3 : s == DS_ET + 2 ? 0.5 : 0.0;
        cr_expect(epsilon_eq(dbl, with[s] - without[s], 0.07 * 0.07 * rate, 1e-15), "state %zu", s);
    }
}

/* neurolib steps with Euler's scheme, so its error is proportional to the step: it halves with it, and what two of its
 * steps extrapolate to step 0 is nearer to ours by far. */
Test(nmm_thalamus, a_run_is_that_of_neurolib_up_to_its_step)
{
    enum { N_TIMES = 20 };
    net a = net_make(1, "thalamus", 1);
    a.def.dt = CAL_NS_PER_MS / 50;
    a.def.window = 25 * CAL_NS_PER_MS;
    net_create(&a);
    double coarse = 0.0, fine = 0.0, limit = 0.0;
    for (int k = 0; k < N_TIMES; k++) {
        cr_assert(net_run(&a, (k + 1) * 25 * CAL_NS_PER_MS) == CAL_OK);
        const double v = net_state(&a, 0, V_T), v1 = neurolib_thalamus_v[0][k], v2 = neurolib_thalamus_v[1][k];
        coarse = fmax(coarse, fabs(v1 - v));
        fine = fmax(fine, fabs(v2 - v));
        limit = fmax(limit, fabs(2.0 * v2 - v1 - v));
    }
    fprintf(stderr, "thalamus: neurolib at 0.02 ms %.3g mV, at 0.01 ms %.3g mV, extrapolated %.3g mV\n", coarse, fine, limit);
    cr_expect(lt(dbl, fine, 0.6 * coarse));
    cr_expect(lt(dbl, limit, 0.1 * fine));
    net_free(&a);
}

/* ---- rhythms --------------------------------------------------------------------------------------- */

enum { N_WINDOWS = 40 };

/* Peak-to-peak potential of the relay cells in windows of 0.5 s from 10 s on; in all, the number of maxima above
 * `level`. */
static size_t rhythm(double g_lk, double g_h, double level_mV, double *span_mV)
{
    net a = net_make(1, "thalamus", 1);
    net_set(&a, 0, "g_LK", g_lk);
    net_set(&a, 0, "g_h", g_h);
    a.def.dt = CAL_NS_PER_MS / 20;
    a.def.window = 5 * CAL_NS_PER_MS;
    net_create(&a);
    cr_assert(net_run(&a, 10000 * CAL_NS_PER_MS) == CAL_OK);
    size_t n_maxima = 0;
    double before = net_state(&a, 0, V_T), earlier = before;
    for (int w = 0; w < N_WINDOWS; w++) {
        double low = INFINITY, high = -INFINITY;
        for (int k = 0; k < 100; k++) {
            cr_assert(net_run(&a, cal_nmm_time(a.nmm) + a.def.window) == CAL_OK);
            const double v = net_state(&a, 0, V_T);
            n_maxima += before > level_mV && before > earlier && before >= v;
            low = fmin(low, v);
            high = fmax(high, v);
            earlier = before;
            before = v;
        }
        span_mV[w] = high - low;
    }
    net_free(&a);
    return n_maxima;
}

/* Sleep spindles: 12 to 15 Hz, growing and dying away every few seconds (Costa et al. 2016). */
Test(nmm_thalamus, spindles_wax_and_wane)
{
    double span[N_WINDOWS], largest = 0.0, least = INFINITY;
    const double frequency = (double)rhythm(0.018, 0.062, -100.0, span) / (0.5 * N_WINDOWS);
    size_t n_spindles = 0;
    for (int w = 0; w < N_WINDOWS; w++) {
        largest = fmax(largest, span[w]);
        least = fmin(least, span[w]);
        n_spindles += w > 0 && span[w - 1] < 8.0 && span[w] >= 8.0;
    }
    fprintf(stderr, "spindles: %.1f Hz, %zu in 20 s, %.2g to %.2g mV\n", frequency, n_spindles, least, largest);
    cr_expect(frequency > 12.0 && frequency < 15.0);
    cr_expect(largest > 10.0 * least);
    cr_expect(n_spindles >= 3 && n_spindles <= 5);
}

/* More potassium leak: slow bursts, about one a second. Without the h-current, too, silence. */
Test(nmm_thalamus, deeper_sleep_bursts_slowly_and_falls_silent)
{
    double span[N_WINDOWS];
    const size_t n_bursts = rhythm(0.06, 0.045, -40.0, span);
    fprintf(stderr, "delta: %.2f Hz\n", (double)n_bursts / (0.5 * N_WINDOWS));
    cr_expect(n_bursts >= 10 && n_bursts <= 80); /* 0.5 to 4 Hz */
    const size_t n_silent = rhythm(0.06, 0.0, -40.0, span);
    cr_expect(n_silent == 0 && span[N_WINDOWS - 1] < 1e-6);
}
