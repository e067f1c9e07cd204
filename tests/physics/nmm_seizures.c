/* What the models of seizures do, beyond the numbers of another tool: the Epileptor's threshold, its seizures, the
 * resting state of the codimension-3 bursters, events of neurons that exchange potassium. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "support/nmm_net.h"

static double *last_rows(net *a, const char *what, double until_ms, double every_ms, size_t *n)
{
    size_t probe, m = 0;
    const size_t capacity = (size_t)(until_ms / every_ms) + 1;
    double *series = calloc(capacity * a->n, sizeof *series);
    const cal_probe_def def = {.what = what, .every = (cal_time)(every_ms * 1e6)};
    net_create(a);
    cr_assert(cal_nmm_add_probe(a->nmm, &def, &probe, NULL) == CAL_OK, "%s", cal_context_message(a->ctx));
    *n = 0;
    while (cal_nmm_time(a->nmm) < (cal_time)(until_ms * 1e6)) {
        cr_assert(cal_nmm_advance(a->nmm, cal_nmm_time(a->nmm) + a->def.window) == CAL_OK, "%s",
                  cal_context_message(a->ctx));
        const double *rows = cal_nmm_probe_rows(a->nmm, probe, &m);
        cr_assert(m + *n <= capacity);
        memcpy(series + *n * a->n, rows, m * a->n * sizeof *series);
        *n += m;
    }
    return series;
}

/* At rest y1 = c - d x1^2, z = 4 (x1 - x0) and 0 = -x1^3 - 2 x1^2 + 4.1 - z: the larger x0, the larger x1. It loses its
 * stability where the cubic turns, at x1 = -4/3, that is x0 = -2.0620. */
static double rest_of_x1(double x0)
{
    double low = -3.0, high = 0.0;
    for (int k = 0; k < 100; k++) {
        const double x = 0.5 * (low + high), f = -x * x * x - 2.0 * x * x + 4.1 - 4.0 * (x - x0);
        *(f > 0.0 ? &low : &high) = x;
    }
    return low;
}

/* Discharges (x1 rises through 0), and seizures: groups of them with 300 ms without any before. */
typedef struct events {
    size_t discharges, seizures;
} events;

static events count_events(const double *x, size_t n, size_t stride, double every_ms, double gap_ms)
{
    events e = {0, 0};
    double last_ms = -1e9;
    for (size_t k = 1; k < n; k++) {
        if (!(x[(k - 1) * stride] < 0.0 && x[k * stride] >= 0.0))
            continue;
        const double t_ms = (double)k * every_ms;
        e.discharges++;
        e.seizures += t_ms - last_ms > gap_ms;
        last_ms = t_ms;
    }
    return e;
}

Test(nmm_seizures, the_epileptor_has_seizures_above_its_threshold_and_rests_below)
{
    const double x0[] = {-1.6, -2.04, -2.08, -2.4};
    net a = net_make(4, "epileptor", 1);
    for (size_t i = 0; i < 4; i++)
        net_set(&a, i, "x0", x0[i]);
    cr_assert(rest_of_x1(-2.04) > -4.0 / 3.0 && rest_of_x1(-2.08) < -4.0 / 3.0);
    a.def.dt = CAL_NS_PER_MS / 20;
    a.def.window = 10 * CAL_NS_PER_MS;
    size_t n;
    double *x1 = last_rows(&a, "x1", 20000.0, 1.0, &n);
    for (size_t i = 0; i < 2; i++) {
        const events e = count_events(x1 + i, n, 4, 1.0, 300.0);
        /* they begin and end: several seizures, each of many discharges, rest between them */
        cr_expect(ge(sz, e.seizures, 2), "x0 %g: %zu seizures", x0[i], e.seizures);
        cr_expect(ge(sz, e.discharges, 20 * e.seizures), "x0 %g: %zu discharges", x0[i], e.discharges);
    }
    for (size_t i = 2; i < 4; i++) {
        const events e = count_events(x1 + 4000 * 4 + i, n - 4000, 4, 1.0, 300.0);
        cr_expect(eq(sz, e.discharges, 0), "x0 %g", x0[i]);
        /* near the threshold it settles within thousands of ms */
        cr_expect(epsilon_eq(dbl, x1[(n - 1) * 4 + i], rest_of_x1(x0[i]), 1e-4), "x0 %g", x0[i]);
    }
    free(x1);
    net_free(&a);
}

/* In two variables, y1 follows at once: the same resting state. */
Test(nmm_seizures, the_epileptor_in_two_variables_rests_in_the_same_state)
{
    const cal_nmm_model *m = cal_nmm_model_find("epileptor-2d");
    double p[16];
    for (size_t k = 0; k < m->n_params; k++)
        p[k] = m->params[k].value;
    p[cal_field_find(m->params, m->n_params, "x0")] = -2.4;
    const double x1 = rest_of_x1(-2.4), x[2] = {x1, 4.0 * (x1 + 2.4)}, no_input = 0.0;
    double dx[2];
    m->rhs(1, p, x, &no_input, dx);
    cr_expect(lt(dbl, fabs(dx[0]), 1e-14));
    cr_expect(lt(dbl, fabs(dx[1]), 1e-14));
}

/* Roots of x^3 - mu2 x - mu1 with libm: largest, smallest, middle; of a pair that is not real, the real part. */
static double root_of_cubic(double mu1, double mu2, int branch)
{
    const double q = 0.5 * mu1, t = mu2 / 3.0, disc = q * q - t * t * t;
    if (disc < 0.0) {
        static const double turn[] = {0.0, 2.0, -2.0};
        return 2.0 * sqrt(t) * cos((acos(q / sqrt(t * t * t)) + turn[branch - 1] * acos(-1.0)) / 3.0);
    }
    const double real = cbrt(q + sqrt(disc)) + cbrt(q - sqrt(disc));
    const bool is_outer = branch == 1 ? q >= 0.0 : branch == 2 && q < 0.0;
    return is_outer ? real : -0.5 * real;
}

/* z' = -c (distance of (x, y) from (x_s, 0) - dstar + 0.1 (z - 1/2)^7): with x = 5, y = 0 it tells x_s. On the way of z
 * round the sphere mu1, mu2 take both signs and the number of real roots changes. */
Test(nmm_seizures, the_bursters_know_their_resting_states)
{
    const cal_nmm_model *m = cal_nmm_model_find("epileptor-codim3");
    double p[32], dx[3];
    for (size_t k = 0; k < m->n_params; k++)
        p[k] = m->params[k].value;
    const int branch = cal_field_find(m->params, m->n_params, "N");
    size_t n_three = 0, n_one = 0;
    for (int k = 0; k < 3 * 400; k++) {
        p[branch] = 1 + k % 3;
        cal_nmm_model_derive(m, 1, p);
        const double z = 2.0 * acos(-1.0) * k / 1200.0, x[3] = {5.0, 0.0, z}, no_input = 0.0;
        const double *e = p + m->n_params, *f = e + 3;
        const double mu2 = 0.4 * (e[0] * cos(z) + f[0] * sin(z)), mu1 = -0.4 * (e[1] * cos(z) + f[1] * sin(z));
        m->rhs(1, p, x, &no_input, dx);
        const double x_s = 5.0 - (0.3 - 0.1 * pow(z - 0.5, 7.0) - dx[2] / 0.001);
        *(mu1 * mu1 / 4.0 < mu2 * mu2 * mu2 / 27.0 ? &n_three : &n_one) += 1;
        /* roundings of (z - 1/2)^7, up to 2e5 */
        cr_expect(lt(dbl, fabs(x_s - root_of_cubic(mu1, mu2, 1 + k % 3)), 1e-9), "branch %d at z = %g", 1 + k % 3, z);
    }
    cr_expect(n_three > 50 && n_one > 50, "%zu and %zu", n_three, n_one);
}

/* Class c2s, the default: a burst of three or four cycles about every 690 ms; with dstar < 0 none. */
Test(nmm_seizures, the_codimension_3_burster_bursts_again_and_again)
{
    net a = net_make(2, "epileptor-codim3", 1);
    net_set(&a, 1, "dstar", -0.1);
    a.def.dt = CAL_NS_PER_MS / 10;
    a.def.window = 10 * CAL_NS_PER_MS;
    size_t n;
    double *x = last_rows(&a, "x", 20000.0, 1.0, &n);
    const events bursts = count_events(x, n, 2, 1.0, 300.0), none = count_events(x + 1, n, 2, 1.0, 300.0);
    cr_expect(bursts.seizures >= 27 && bursts.seizures <= 30, "%zu bursts", bursts.seizures);
    cr_expect(ge(sz, bursts.discharges, 3 * bursts.seizures), "%zu cycles", bursts.discharges);
    cr_expect(eq(sz, none.discharges, 0));
    free(x);
    net_free(&a);
}

/* The bath decides: at 4 mmol/l the region rests, at 15 it has events that come back, at 25 it stays depolarised. */
Test(nmm_seizures, potassium_of_the_bath_takes_a_region_from_rest_to_events_to_block)
{
    net a = net_make(3, "k-ion-exchange", 1);
    const double bath[] = {4.0, 15.0, 25.0};
    for (size_t i = 0; i < 3; i++)
        net_set(&a, i, "K_bath", bath[i]);
    a.def.dt = CAL_NS_PER_MS / 50;
    a.def.window = 10 * CAL_NS_PER_MS;
    size_t n;
    double *v = last_rows(&a, "V", 20000.0, 1.0, &n);
    double low[3] = {1e9, 1e9, 1e9}, high[3] = {-1e9, -1e9, -1e9};
    for (size_t k = n / 2; k < n; k++)
        for (size_t i = 0; i < 3; i++) {
            low[i] = fmin(low[i], v[k * 3 + i]);
            high[i] = fmax(high[i], v[k * 3 + i]);
        }
    cr_expect(high[0] < -60.0 && high[0] - low[0] < 2.0, "rest: %g to %g mV", low[0], high[0]);
    cr_expect(low[1] < -60.0 && high[1] > 0.0, "events: %g to %g mV", low[1], high[1]);
    cr_expect(low[2] > -40.0 && high[2] - low[2] < 2.0, "block: %g to %g mV", low[2], high[2]);
    free(v);
    net_free(&a);
}
