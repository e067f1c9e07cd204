/* What was before t = 0: given pasts of states and outputs, and what is refused. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/nmm_net.h"

enum { N_TIMES = 23 };

/* Two Montbrio-Pazo-Roxin regions, 10.3 ms from 1 to 0; the past of r. */
static net make(double *times, double *values, cal_nmm_history *h)
{
    net a = net_make(2, "mpr", 1);
    net_edge(&a, 0, 1, 1.0, 10.3);
    a.def.gain = 0.5;
    a.def.dt = CAL_NS_PER_MS / 10;
    for (size_t j = 0; j < N_TIMES; j++) {
        times[j] = 0.5 * ((double)j - (N_TIMES - 1));
        values[2 * j] = 0.2;
        values[2 * j + 1] = 0.3 + 0.02 * times[j];
    }
    *h = (cal_nmm_history){"r", times, values, N_TIMES};
    a.def.histories = h;
    a.def.n_histories = 1;
    return a;
}

/* The drive is the past itself as long as the delay reaches beyond t = 0: r = 0.3 + 0.02 t is a cubic, so interpolation
 * and delay are exact. Region 0 computed elsewhere shows its drive. */
Test(nmm_history, the_past_of_a_source_arrives_after_the_delay)
{
    double times[N_TIMES], values[2 * N_TIMES], drive[101];
    cal_nmm_history h;
    net a = make(times, values, &h);
    a.regions[0].model = NULL;
    net_create(&a);
    cr_assert(cal_nmm_read_drive(a.nmm, 0, 0, 0, 80, drive) == CAL_OK, "%s", cal_context_message(a.ctx));
    for (int j = 0; j <= 80; j++)
        cr_assert(epsilon_eq(dbl, drive[j], 0.5 * (0.3 + 0.02 * (0.1 * j - 10.3)), 1e-15), "step %d", j);
    cr_expect(eq(dbl, net_state(&a, 1, 0), 0.3)); /* r starts where its past ends */
    net_free(&a);
}

/* A history of an output leaves the states as they are; a constant one changes no bit of a run. */
Test(nmm_history, a_constant_past_is_the_default)
{
    double times[N_TIMES], values[2 * N_TIMES];
    cal_nmm_history h;
    net given = make(times, values, &h), plain = make(times, values, &h);
    for (size_t j = 0; j < 2 * N_TIMES; j++)
        values[j] = 0.4;
    plain.def.n_histories = 0;
    plain.initial[0] = plain.initial[NET_MAX_ROWS] = 0.4;
    net_create(&given);
    net_create(&plain);
    cr_assert(net_run(&given, 50 * CAL_NS_PER_MS) == CAL_OK && net_run(&plain, 50 * CAL_NS_PER_MS) == CAL_OK);
    for (size_t i = 0; i < 2; i++)
        for (size_t s = 0; s < 2; s++)
            cr_expect(eq(dbl, net_state(&given, i, s), net_state(&plain, i, s)));
    net_free(&given);
    net_free(&plain);
}

/* A smooth past: the cubic between samples every 0.5 ms errs by at most 3/128 h^4 f'''' (Lagrange, middle interval)
 * inside and 1/24 of that product at the ends; f = sin(t / 3): below 4e-5. */
Test(nmm_history, between_the_times_stands_a_cubic)
{
    double times[N_TIMES], values[2 * N_TIMES], drive[101];
    cal_nmm_history h;
    net a = make(times, values, &h);
    a.regions[0].model = NULL;
    for (size_t j = 0; j < N_TIMES; j++)
        values[2 * j + 1] = 1.5 + sin(times[j] / 3.0);
    net_create(&a);
    cr_assert(cal_nmm_read_drive(a.nmm, 0, 0, 0, 80, drive) == CAL_OK);
    for (int j = 0; j <= 80; j++)
        cr_assert(epsilon_eq(dbl, drive[j], 0.5 * (1.5 + sin((0.1 * j - 10.3) / 3.0)), 4e-5), "step %d", j);
    net_free(&a);
}

static void refused(const net *made, const char *say)
{
    net a = *made;
    cr_expect(net_try(&a) == CAL_ERR_ARGUMENT, "%s", say);
    cr_expect(strstr(cal_context_message(a.ctx), say) != NULL, "%s: %s", say, cal_context_message(a.ctx));
    net_free(&a);
}

Test(nmm_history, wrong_ones_are_refused_by_name_and_time)
{
    double times[N_TIMES], values[2 * N_TIMES];
    cal_nmm_history h[2];
    net a = make(times, values, h);
    h[0].n_times = 3;
    h[0].times_ms = times + N_TIMES - 3;
    refused(&a, "begins at -1 ms, the longest delay reaches back to -10.3 ms");
    a = make(times, values, h);
    values[2 * 7 + 1] = NAN;
    refused(&a, "region_001 is nan at -7.5 ms");
    a = make(times, values, h);
    values[4] = -1.0; /* a rate */
    refused(&a, "region_000 is -1 at -10 ms");
    a = make(times, values, h);
    times[3] = times[2];
    refused(&a, "do not rise");
    a = make(times, values, h);
    h[0].n_times--;
    refused(&a, "ends at -0.5 ms");
    a = make(times, values, h);
    h[0].what = "phi";
    refused(&a, "no region has a state or an output \"phi\"");
    a = make(times, values, h);
    h[1] = h[0];
    a.def.n_histories = 2;
    refused(&a, "given twice");
}
