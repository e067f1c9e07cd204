/* The held integrators take the same steps as The Virtual Brain: its runs again, number by number
 * (shared/reference/tvb). What remains are roundings, so that results can be carried over and the difference of the
 * two ways of stepping be seen. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include "support/tvb_models.h"

/* A step of a reference file, exactly. */
static cal_time step_of(hid_t file, const char *group)
{
    size_t n;
    double *dt_ms = cali_test_h5_attribute(file, group, "dt", &n);
    cr_assert(dt_ms != NULL && n == 1);
    const cal_time dt = (cal_time)(*dt_ms * 1e6 + 0.5);
    free(dt_ms);
    return dt;
}

/* ---- ten regions, every model ----------------------------------------------------------------------- */

/* The tolerance of the reference: 1e-9 of the range of each variable. */
ParameterizedTestParameters(nmm_tvb_replay, heun_held_repeats_the_run_of_ten_regions)
{
    return tvb_each_model();
}
ParameterizedTest(int *i, nmm_tvb_replay, heun_held_repeats_the_run_of_ten_regions)
{
    const tvb_model *tvb = &tvb_models[*i];
    const hid_t file = tvb_open(tvb);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    double tolerance[NET_MAX_ROWS];
    tvb_ranges(file, tvb, tolerance);
    for (size_t v = 0; v < NET_MAX_ROWS; v++)
        tolerance[v] *= 1e-9;
    net a = tvb_network(file, tvb);
    a.def.integrator = CAL_HEUN_HELD;
    a.def.dt = step_of(file, "network/tvb_heun");
    const double ratio = tvb_worst_ratio(file, tvb, &a, "network/tvb_heun", tolerance);
    fprintf(stderr, "%s heun-held: %.2g of the range\n", tvb->file, ratio * 1e-9);
    cr_expect(lt(dbl, ratio, 1.0), "%s", tvb->file);
    net_free(&a);
    H5Fclose(file);
}
