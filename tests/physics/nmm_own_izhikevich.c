/* A mean field that no entry of the table has, written as a text: quadratic integrate-and-fire neurons with adaptation
 * and synapses of Izhikevich's form (Nicola & Campbell 2013, J. Comput. Neurosci. 35, 87-108; Chen & Campbell 2022,
 * J. Comput. Neurosci. 50, 445-469). Against the means over bins of 2 units of time in shared/reference/numerics. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "support/nmm_net.h"

static const char *const text =
    "neural_mass: adapting\n"
    "title: quadratic integrate-and-fire neurons with adaptation, in units of their own time (1 ms)\n"
    "source: Chen & Campbell (2022)\n"
    "states:\n"
    "  r: {initial: 0.001 1/ms}\n"
    "  v: {initial: 0.1}\n"
    "  w: {initial: 0}\n"
    "  s: {initial: 0}\n"
    "parameters:\n"
    "  T: {value: 1 ms, low: 0.1 ms, high: 1 s}\n"
    "  alpha: {value: 0.6215, low: 0, high: 10}\n"
    "  g: {value: 1.2308, low: 0, high: 10}\n"
    "  e_r: {value: 1, low: -10, high: 10}\n"
    "  a: {value: 0.0077, low: 0, high: 10}\n"
    "  w_j: {value: 0.0189, low: 0, high: 10}\n"
    "  s_j: {value: 1.2308, low: 0, high: 10}\n"
    "  tau_s: {value: 2.6 ms, low: 0.1 ms, high: 100 ms}\n"
    "  eta: {value: 0.12, low: -10, high: 10}\n"
    "  Delta: {value: 0.02, low: 0, high: 10}\n"
    "inputs:\n"
    "  I: {unit: 1}\n"
    "equations:\n"
    "  r': (Delta/(pi*T) + 2*r*v - (alpha + g*s)*r)/T\n"
    "  v': (v^2 - alpha*v - w + eta + I + g*s*(e_r - v) - (pi*T*r)^2)/T\n"
    "  w': -a*w/T + w_j*r\n"
    "  s': -s/tau_s + s_j*r\n"
    "outputs:\n"
    "  r: r\n"
    "test:\n" /* by hand: r' = 0.02/pi + 0 - (0.6215 + 0)*0.5 */
    "  at: {r: 0.5 1/ms, v: 0, w: 0, s: 0, I: 0}\n"
    "  gives: {r': -0.30438380227632416 1/ms^2, v': -2.3474011002723395 1/ms, w': 0.00945 1/ms, s': 0.6154 1/ms}\n";

typedef struct course {
    const char *file;
    double eta, drive;
} course;

static void expect_course(const course *c)
{
    char relative[128];
    snprintf(relative, sizeof relative, "reference/numerics/izhikevich/%s", c->file);
    const char *path = cali_test_shared(relative);
    if (path == NULL)
        cr_skip_test("the reference data are not here");
    cali_test_table *truth = cali_test_read_csv(path);
    net a = net_make(1, NULL, 1);
    char file[1200];
    snprintf(file, sizeof file, "%s/adapting.yaml", cali_test_directory());
    cr_assert(cali_file_write(a.ctx, file, text, strlen(text)) == CAL_OK);
    cal_nmm_model *model = NULL;
    cr_assert(cal_nmm_model_load(a.ctx, file, &model) == CAL_OK, "%s", cal_context_message(a.ctx));
    a.regions[0] = (cal_nmm_region){.model = model, .params = a.params};
    for (size_t k = 0; k < model->n_params; k++)
        a.params[k] = model->params[k].value;
    net_set(&a, 0, "eta", c->eta);
    const cal_nmm_stimulus step = {.region = -1, .offset = c->drive, .start = 100 * CAL_NS_PER_MS};
    a.def.stimuli = &step;
    a.def.n_stimuli = 1;
    a.def.dt = CAL_NS_PER_MS / 100;
    a.def.window = 10 * CAL_NS_PER_MS;
    net_create(&a);
    static const char *const names[] = {"r", "w", "s"}, *const columns[] = {"r_mf", "w_mf", "s_mf"};
    size_t probes[3];
    for (int q = 0; q < 3; q++) {
        const cal_probe_def probe = {.what = names[q], .every = 2 * CAL_NS_PER_MS, .is_mean = true};
        cr_assert(cal_nmm_add_probe(a.nmm, &probe, &probes[q], NULL) == CAL_OK);
    }
    double worst = 0.0;
    for (size_t row = 0; row < truth->n_rows; row += 5) {
        cr_assert(cal_nmm_advance(a.nmm, (cal_time)(row + 5) * 2 * CAL_NS_PER_MS) == CAL_OK);
        for (int q = 0; q < 3; q++) {
            size_t n;
            const double *mean = cal_nmm_probe_rows(a.nmm, probes[q], &n);
            for (size_t j = 0; j < 5; j++) {
                const double expected = cali_test_value(truth, row + j, columns[q]);
                worst = fmax(worst, fabs(mean[j] - expected) / fmax(1e-3, fabs(expected)));
            }
        }
    }
    fprintf(stderr, "%s: %.2g\n", c->file, worst);
    cr_expect(lt(dbl, worst, 1e-4), "%s", c->file); /* bursts: the rate changes tenfold within a bin */
    net_free(&a);
    cal_nmm_model_destroy(&model);
    cali_test_table_free(truth);
}

Test(nmm_own_izhikevich, text_follows_the_reference_into_bursts)
{
    expect_course(&(course){"case1_eta0.12_Delta0.02_I0.csv", 0.12, 0.0});
}

Test(nmm_own_izhikevich, text_follows_the_reference_after_a_step)
{
    expect_course(&(course){"case2_eta0.2_Delta0.02_I0.1.csv", 0.2, 0.1});
}
