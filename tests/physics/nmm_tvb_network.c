/* Ten coupled regions of connectivity_76 with delays and undelayed self-connections, against the
 * converged solution of the delay equations made with TVB's own right-hand sides and coupling
 * (shared/reference/tvb, /network/exact). */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/tvb_models.h"

/* Largest difference over its tolerance, max(20 error_estimate_max, share of the range). */
static double worst_ratio(hid_t file, const tvb_model *tvb, net *a)
{
    size_t n_estimates;
    double *estimate = cali_test_h5_attribute(file, "network/exact", "error_estimate_max", &n_estimates);
    double tolerance[NET_MAX_ROWS];
    tvb_ranges(file, tvb, tolerance);
    cr_assert(estimate != NULL && n_estimates <= NET_MAX_ROWS);
    for (size_t v = 0; v < n_estimates; v++)
        tolerance[v] = fmax(20.0 * estimate[v], tvb->share * tolerance[v]);
    free(estimate);
    return tvb_worst_ratio(file, tvb, a, "network/exact", tolerance);
}

ParameterizedTestParameters(nmm_tvb_network, rk4_converges_to_the_solution_with_delays)
{
    return tvb_each_model();
}
ParameterizedTest(int *i, nmm_tvb_network, rk4_converges_to_the_solution_with_delays)
{
    const tvb_model *tvb = &tvb_models[*i];
    const hid_t file = tvb_open(tvb);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    net a = tvb_network(file, tvb);
    a.def.dt = (cal_time)(tvb->rk4_dt_ms * 1e6 + 0.5);
    const double ratio = worst_ratio(file, tvb, &a);
    fprintf(stderr, "%s rk4 dt %g: %.3g of the tolerance\n", tvb->file, tvb->rk4_dt_ms, ratio);
    cr_expect(lt(dbl, ratio, 1.0), "%s", tvb->file);
    net_free(&a);
    H5Fclose(file);
}

ParameterizedTestParameters(nmm_tvb_network, cvode_at_1e_9_gives_the_solution_with_delays)
{
    return tvb_each_model();
}
ParameterizedTest(int *i, nmm_tvb_network, cvode_at_1e_9_gives_the_solution_with_delays)
{
    const tvb_model *tvb = &tvb_models[*i];
    const hid_t file = tvb_open(tvb);
    if (file < 0)
        cr_skip_test("the reference data are not here");
    net a = tvb_network(file, tvb);
    a.def.integrator = CAL_CVODE_ADAMS;
    a.def.rtol = 1e-9;
    a.def.dt = (cal_time)(tvb->grid_dt_ms * 1e6 + 0.5);
    const double ratio = worst_ratio(file, tvb, &a);
    fprintf(stderr, "%s cvode grid %g: %.3g of the tolerance\n", tvb->file, tvb->grid_dt_ms, ratio);
    cr_expect(lt(dbl, ratio, 1.0), "%s", tvb->file);
    net_free(&a);
    H5Fclose(file);
}
