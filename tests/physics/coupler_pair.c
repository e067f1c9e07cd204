/* Two regions through the coupler against the same two in the host (reference/numerics/pair). */
#include "support/pair.h"

#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

enum { N_STEPS = 4000 };                 /* 200 ms */
static const cal_time DT = CAL_NS_PER_MS / 20; /* 0.05 ms */
static double alone_a[N_STEPS], alone_b[N_STEPS], a[N_STEPS], b[N_STEPS];

/* The host by itself, against the solution of order 8. RK4 at 0.05 ms: 1e-8 of the signal. */
Test(coupler_pair, the_host_alone_solves_the_pair)
{
    for (int linear = 0; linear < 2; linear++) {
        const char *path = cali_test_shared(linear ? "reference/numerics/pair/linear_monolithic.csv"
                                                   : "reference/numerics/pair/mpr_monolithic.csv");
        if (path == NULL)
            cr_skip_test("no reference data");
        cali_test_table *table = cali_test_read_csv(path);
        for (int d = 2; d <= 5; d += 3) {
            pair p = pair_make(linear, d, DT, 1);
            pair_run_alone(&p, N_STEPS, alone_a, alone_b);
            double worst = 0.0, largest = 0.0;
            for (size_t row = 0; row < table->n_rows; row++) {
                const double t = cali_test_value(table, row, "t_ms");
                if (cali_test_value(table, row, "delay_ms") != d || t == 0.0)
                    continue;
                const size_t i = (size_t)(t * 20.0 + 0.5) - 1;
                const double x = cali_test_value(table, row, linear ? "x" : "rA_per_ms");
                const double y = cali_test_value(table, row, linear ? "y" : "rB_per_ms");
                worst = fmax(worst, fmax(fabs(alone_a[i] - x), fabs(alone_b[i] - y)));
                largest = fmax(largest, fabs(x));
            }
            cr_expect(lt(dbl, worst, 2e-8 * largest), "delay %d: %g", d, worst / largest);
            pair_free(&p);
        }
        cali_test_table_free(table);
    }
}

/* Everything that the border carries is known exactly, so no bit changes: for any legal window, lag and number of
 * threads. */
typedef struct dense_case {
    bool is_linear;
    double delay_ms;
    int window_steps;
    unsigned lag, n_threads;
} dense_case;

ParameterizedTestParameters(coupler_pair, points_give_the_bits_of_the_host_alone)
{
    static dense_case cases[] = {
        {false, 2.0, 1, 1, 1},  {false, 2.0, 8, 1, 1},  {false, 2.0, 20, 1, 2},  {false, 2.0, 40, 1, 3},
        {false, 2.0, 1, 2, 1},  {false, 2.0, 10, 2, 8}, {false, 2.0, 20, 2, 1},  {false, 5.0, 100, 1, 1},
        {false, 5.0, 50, 2, 2}, {true, 2.0, 40, 1, 1},  {true, 5.0, 25, 2, 2},   {true, 5.0, 100, 1, 3},
    };
    return cr_make_param_array(dense_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(dense_case *c, coupler_pair, points_give_the_bits_of_the_host_alone)
{
    pair p = pair_make(c->is_linear, c->delay_ms, DT, c->n_threads);
    pair_run_alone(&p, N_STEPS, alone_a, alone_b);
    pair_run_coupled(&p, N_STEPS, c->window_steps * DT, c->lag, 0, a, b);
    cr_expect(gt(dbl, fabs(a[1000] - a[0]), 1e-4)); /* it moves */
    size_t n_different = 0;
    for (size_t i = 0; i < N_STEPS; i++)
        n_different += a[i] != alone_a[i] || b[i] != alone_b[i];
    cr_expect(eq(sz, n_different, 0));
    pair_free(&p);
}

static double relative_error(void)
{
    double worst = 0.0, largest = 0.0;
    for (size_t i = 0; i < N_STEPS; i++) {
        worst = fmax(worst, fmax(fabs(a[i] - alone_a[i]), fabs(b[i] - alone_b[i])));
        largest = fmax(largest, fabs(alone_a[i]));
    }
    return worst / largest;
}

/* One mean per window in both directions: order 2, errors of cosim_errors.csv within a factor of 1.5. */
static double table_error(const cali_test_table *table, bool is_linear, double delay, double h)
{
    /* rows are told by their place: MPR first, then linear; of the schemes with delay, two have a comma in their
     * name and no number in H_ms, so that "window means" is the second of hold, means, dense */
    size_t n_seen = 0;
    for (size_t row = is_linear ? table->n_rows / 2 : 0; row < table->n_rows; row++)
        if (cali_test_value(table, row, "delay_ms") == delay && cali_test_value(table, row, "H_ms") == h &&
            n_seen++ == 1)
            return cali_test_value(table, row, "max_rel_error");
    return NAN;
}

Test(coupler_pair, means_have_order_two_and_the_errors_of_the_reference)
{
    static const double windows_ms[] = {1.0, 0.5, 0.25};
    const char *path = cali_test_shared("reference/numerics/pair/cosim_errors.csv");
    if (path == NULL)
        cr_skip_test("no reference data");
    cali_test_table *table = cali_test_read_csv(path);
    for (int linear = 0; linear < 2; linear++)
        for (int d = 2; d <= 5; d += 3) {
            pair p = pair_make(linear, d, DT, 1);
            double error[3];
            pair_run_alone(&p, N_STEPS, alone_a, alone_b);
            for (int i = 0; i < 3; i++) {
                const cal_time window = (cal_time)(windows_ms[i] * 1e6);
                pair_run_coupled(&p, N_STEPS, window, 1, 1, a, b);
                error[i] = relative_error();
                const double expected = table_error(table, linear, d, windows_ms[i]);
                cr_expect(lt(dbl, error[i], 1.5 * expected), "%d %d H %g: %g, table %g", linear, d,
                          windows_ms[i], error[i], expected);
                cr_expect(gt(dbl, error[i], expected / 1.5), "%d %d H %g: %g, table %g", linear, d,
                          windows_ms[i], error[i], expected);
            }
            for (int i = 0; i < 2; i++)
                cr_expect(epsilon_eq(dbl, log2(error[i] / error[i + 1]), 2.0, 0.15));
            pair_free(&p);
        }
    cali_test_table_free(table);
}

/* Means on the host's own bins carry nearly all: the error falls to that of bins read as centre values. */
Test(coupler_pair, more_bins_per_window_are_as_good_as_shorter_windows)
{
    pair p = pair_make(false, 2.0, DT, 1);
    pair_run_alone(&p, N_STEPS, alone_a, alone_b);
    pair_run_coupled(&p, N_STEPS, 2 * CAL_NS_PER_MS, 1, 1, a, b);
    const double one = relative_error();
    pair_run_coupled(&p, N_STEPS, 2 * CAL_NS_PER_MS, 1, 8, a, b);
    const double eight = relative_error();
    pair_run_coupled(&p, N_STEPS, CAL_NS_PER_MS / 4, 1, 1, a, b);
    const double quarter = relative_error();
    cr_expect(lt(dbl, eight, one / 30.0));
    cr_expect(epsilon_eq(dbl, eight, quarter, 0.05 * quarter));
    pair_free(&p);
}

/* Bins of one width carry the same numbers whatever window they stand in: the interpolant never looks at the window,
 * and the delay of 5 ms leaves the host's look-ups centred. */
Test(coupler_pair, means_do_not_depend_on_window_and_lag)
{
    static const struct {
        int halves;
        unsigned lag;
    } cases[] = {{2, 1}, {4, 1}, {8, 1}, {1, 2}, {4, 2}};
    for (int linear = 0; linear < 2; linear++) {
        pair p = pair_make(linear, 5.0, DT, 1);
        pair_run_coupled(&p, N_STEPS, CAL_NS_PER_MS / 2, 1, 1, alone_a, alone_b);
        for (int i = 0; i < 5; i++) {
            pair_run_coupled(&p, N_STEPS, cases[i].halves * CAL_NS_PER_MS / 2, cases[i].lag,
                             (uint32_t)cases[i].halves, a, b);
            size_t n_different = 0;
            for (size_t k = 0; k < N_STEPS; k++)
                n_different += a[k] != alone_a[k] || b[k] != alone_b[k];
            cr_expect(eq(sz, n_different, 0), "%d half milliseconds, lag %u", cases[i].halves, cases[i].lag);
        }
        pair_free(&p);
    }
}
