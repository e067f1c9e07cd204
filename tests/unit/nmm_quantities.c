/* Masses of different kinds in one brain are coupled by quantity and unit: nmm/terms.c, cal_nmm_model_output. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/nmm_net.h"

static const cal_field states[] = {{"x", "Hz", 30.0, -INFINITY, INFINITY, "a rate"}};
static const double scales[] = {1.0};
static const cal_field inputs[] = {{"c", "1/ms", 0.0, -INFINITY, INFINITY, "a rate"}};
static const cal_field outputs[] = {{"v", "mV", 0.0, -INFINITY, INFINITY, "a voltage"},
                                    {"firing", "Hz", 0.0, -INFINITY, INFINITY, "a rate"}};

static void rhs(size_t n, const double *p, const double *x, const double *c, double *dx)
{
    (void)p, (void)x, (void)c;
    for (size_t i = 0; i < n; i++)
        dx[i] = 0.0;
}

static void observe(size_t n, const double *p, const double *x, double *y)
{
    (void)p;
    for (size_t i = 0; i < n; i++) {
        y[i] = -60.0;
        y[n + i] = x[i];
    }
}

static const cal_nmm_model steady = {.name = "steady", .title = "steady", .equations = "x' = 0", .source = "-",
                                     .states = states, .n_states = 1, .scales = scales, .inputs = inputs, .n_inputs = 1,
                                     .outputs = outputs, .n_outputs = 2, .rhs = rhs, .observe = observe};

/* Region 0 is external and reads its drive; 1 is Montbrio-Pazo-Roxin at rest, r = 0.02 per ms; 2 sends 30 Hz. */
static net three_kinds(void)
{
    net a = net_make(3, "mpr", 1);
    const double tau = 10.0, r = 0.02, v = -1.0 / (2.0 * 3.14159265358979323846 * tau * r);
    a.regions[0].model = NULL;
    a.regions[0].external_initial = 0.0;
    net_set(&a, 1, "tau", tau); /* tau r' = Delta / (pi tau) + 2 r v = 0; eta makes V' = 0 */
    net_set(&a, 1, "Delta", 1.0);
    const double pi_tau_r = 3.14159265358979323846 * tau * r;
    net_set(&a, 1, "J", 0.0);
    net_set(&a, 1, "eta", pi_tau_r * pi_tau_r - v * v);
    a.initial[NET_MAX_ROWS] = r;
    a.initial[NET_MAX_ROWS + 1] = v;
    a.regions[2].model = &steady;
    a.initial[2 * NET_MAX_ROWS] = 30.0;
    net_edge(&a, 0, 1, 2.0, 10.0);
    net_edge(&a, 0, 2, 5.0, 10.0);
    a.coupling[0].to = "";
    return a;
}

Test(nmm_quantities, rates_of_other_names_and_units_add_up)
{
    net a = three_kinds();
    a.coupling[0].from = "rate"; /* r in 1/ms of the one, firing in Hz of the other */
    cr_assert(net_try(&a) == CAL_OK, "%s", cal_context_message(a.ctx));
    double drive[2];
    cr_assert(cal_nmm_read_drive(a.nmm, 0, 0, 0, 1, drive) == CAL_OK);
    cr_expect(epsilon_eq(dbl, drive[0], 2.0 * 0.02 + 5.0 * 0.030, 1e-15));
    for (int k = 0; k < 5; k++) {
        const double zeros[80] = {0.0};
        cr_assert(cal_nmm_write(a.nmm, 0, zeros, 80) == CAL_OK);
        cr_assert(cal_nmm_advance(a.nmm, (k + 1) * 8 * CAL_NS_PER_MS) == CAL_OK, "%s", cal_context_message(a.ctx));
    }
    cr_assert(cal_nmm_read_drive(a.nmm, 0, 0, 40 * CAL_NS_PER_MS, 1, drive) == CAL_OK);
    cr_expect(epsilon_eq(dbl, drive[0], 0.19, 1e-9)); /* from what both sent meanwhile */
    net_free(&a);
}

Test(nmm_quantities, names_win_and_quantities_follow)
{
    const cal_nmm_model *mpr = cal_nmm_model_find("mpr"), *jr = cal_nmm_model_find("jansen-rit");
    cr_expect(eq(str, (char *)mpr->outputs[cal_nmm_model_output(mpr, "rate")].name, "r"));
    cr_expect(eq(str, (char *)jr->outputs[cal_nmm_model_output(jr, "rate")].name, "rate"));
    cr_expect(eq(int, cal_nmm_model_output(&steady, "potential"), 0));
    cr_expect(eq(int, cal_nmm_model_output(&steady, "rate"), 1));
    cr_expect(eq(int, cal_nmm_model_output(cal_nmm_model_find("kuramoto"), "rate"), -1));
    cr_expect(eq(int, cal_nmm_model_output(mpr, NULL), 0));
}

Test(nmm_quantities, different_quantities_do_not_add_up)
{
    net a = three_kinds();
    cr_expect(eq(int, net_try(&a), CAL_ERR_ARGUMENT));
    cr_expect(eq(str, (char *)cal_context_message(a.ctx),
                 "C103 coupling carries one quantity, but r of montbrio-pazo-roxin is in 1/ms and v of steady in mV\ntry "
                 "from: rate, from: potential, or one term for each output"));
    net_free(&a);
}

Test(nmm_quantities, a_term_acts_in_one_unit)
{
    net a = three_kinds();
    a.coupling[0].from = "rate";
    a.coupling[0].to = NULL; /* c_r has no unit, c is a rate */
    net_edge(&a, 2, 1, 1.0, 10.0);
    cr_expect(eq(int, net_try(&a), CAL_ERR_ARGUMENT));
    cr_expect(eq(str, (char *)cal_context_message(a.ctx),
                 "C103 a coupling term acts in one unit, but c_r of montbrio-pazo-roxin is in 1 and c of steady in 1/ms\ntry "
                 "one term for each, with to"));
    net_free(&a);
}
