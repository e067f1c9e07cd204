/* Neurons with ion channels against NEST and against accurate solutions in continuous time
 * (reference/spiking). Tolerances are those of the reference's README for Hodgkin-Huxley: at dt = 0.01 ms
 * traces within 1e-3 mV in the median and spikes within 0.05 ms; at 0.1 ms 0.02 mV and 0.2 ms, where NEST
 * itself is up to 2 mV off on the flanks of spikes. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include "support/snn_single.h"

#define NO_TRAIN NULL, NULL, 0, 0, 0, false
#define ML_NAMES {"g_Ca", "V3", "V4", "phi", "I_e", "V", "w"}
#define ML_SNIC(i_e, v) {4, 12, 17.4, 1.0 / 15, i_e, v, 0}
#define TRAUB_NAMES {"E_L", "I_e", "m", "h", "n", "V_spike", "at_crossing"}
#define SQUID_NAMES {"C_m", "g_L", "E_L", "g_Na", "g_K", "I_e", "at_crossing"}
/* NEST starts the gates at their steady state for V_T = 0, the reference at that of V = E_L. */
#define TRAUB_NEST(i_e) {-60, i_e, 9.895563e-9, 0.999999999, 2.5515771e-7, -33, 0}
#define TRAUB_ODE(i_e) {-65, i_e, 0.0097324045, 0.9975610872, 0.0270744790, 0, 1}
#define SQUID_NEST(i_e) {100, 30, -54.402, 12000, 3600, i_e, 0}
#define SQUID_ODE(i_e) {1, 0.3, -54.387, 120, 36, i_e, 1}

/* Spikes: at most early_ms before and late_ms after those of the file. */
typedef struct channel_case {
    const char *file;
    cali_single single;
    const char *column, *state;
    double median, early_ms, late_ms;
} channel_case;

static const channel_case cases[] = {
    {"nest/hh_cond_exp_traub_dc_dt0p1", {"hh-traub", TRAUB_NAMES, TRAUB_NEST(300), 0.1, NO_TRAIN}, "V_m", "V", 0.02, 0.2, 0.2},
    {"nest/hh_cond_exp_traub_dc_dt0p01", {"hh-traub", TRAUB_NAMES, TRAUB_NEST(300), 0.01, NO_TRAIN}, "V_m", "V", 1e-3, 0.05, 0.05},
    {"nest/hh_cond_exp_traub_dc_dt0p01", {"hh-traub", TRAUB_NAMES, TRAUB_NEST(300), 0.01, NO_TRAIN}, "Act_n", "n", 1e-5, 0.05, 0.05},
    {"nest/hh_cond_exp_traub_train_dt0p1", {"hh-traub", TRAUB_NAMES, TRAUB_NEST(50), 0.1, "excitatory", "inhibitory", 6, 12, 1, false}, "V_m", "V", 0.02, 0.2, 0.2},
    {"nest/hh_cond_exp_traub_train_dt0p01", {"hh-traub", TRAUB_NAMES, TRAUB_NEST(50), 0.01, "excitatory", "inhibitory", 6, 12, 1, false}, "V_m", "V", 1e-3, 0.05, 0.05},
    {"nest/hh_psc_alpha_dc_dt0p1", {"hh-squid", SQUID_NAMES, SQUID_NEST(1000), 0.1, NO_TRAIN}, "V_m", "V", 0.02, 0.2, 0.2},
    {"nest/hh_psc_alpha_dc_dt0p01", {"hh-squid", SQUID_NAMES, SQUID_NEST(1000), 0.01, NO_TRAIN}, "V_m", "V", 1e-3, 0.05, 0.05},
    {"nest/hh_psc_alpha_dc_dt0p01", {"hh-squid", SQUID_NAMES, SQUID_NEST(1000), 0.01, NO_TRAIN}, "Inact_h", "h", 1e-5, 0.05, 0.05},
    {"nest/hh_psc_alpha_train_dt0p1", {"hh-squid", SQUID_NAMES, SQUID_NEST(300), 0.1, "excitatory", "inhibitory", 1500, -400, 1, false}, "V_m", "V", 0.02, 0.2, 0.2},
    {"nest/hh_psc_alpha_train_dt0p01", {"hh-squid", SQUID_NAMES, SQUID_NEST(300), 0.01, "excitatory", "inhibitory", 1500, -400, 1, false}, "V_m", "V", 1e-3, 0.05, 0.05},
    /* accurate solutions: a crossing is stamped with the end of its step, and little adds to that */
    {"ode/hh1952_dc", {"hh-squid", SQUID_NAMES, SQUID_ODE(10), 0.1, NO_TRAIN}, "V_mV", "V", 1e-3, 1e-3, 0.101},
    {"ode/hh1952_dc", {"hh-squid", SQUID_NAMES, SQUID_ODE(10), 0.01, NO_TRAIN}, "V_mV", "V", 1e-3, 1e-3, 0.011},
    {"ode/hhtraub_dc", {"hh-traub", TRAUB_NAMES, TRAUB_ODE(300), 0.1, NO_TRAIN}, "V_mV", "V", 1e-3, 2e-3, 0.102},
    {"ode/hhtraub_dc", {"hh-traub", TRAUB_NAMES, TRAUB_ODE(300), 0.01, NO_TRAIN}, "V_mV", "V", 1e-3, 1e-3, 0.011},
    {"ode/hhtraub_cond_train", {"hh-traub", TRAUB_NAMES, TRAUB_ODE(50), 0.1, "excitatory", "inhibitory", 6, 12, 1, false}, "V_mV", "V", 1e-3, 2e-3, 0.102},
    {"ode/hhtraub_cond_train", {"hh-traub", TRAUB_NAMES, TRAUB_ODE(50), 0.01, "excitatory", "inhibitory", 6, 12, 1, false}, "V_mV", "V", 1e-3, 1e-3, 0.011},
    {"ode/ml_snic_I42_dc", {"morris-lecar", ML_NAMES, ML_SNIC(42, -40), 0.1, NO_TRAIN}, "v_mV", "V", 1e-3, 5e-3, 0.105},
    {"ode/ml_snic_I50_dc", {"morris-lecar", ML_NAMES, ML_SNIC(50, -40), 0.1, NO_TRAIN}, "v_mV", "V", 1e-3, 1e-3, 0.101},
    {"ode/ml_hopf_I100_dc", {"morris-lecar", ML_NAMES, {4.4, 2, 30, 0.04, 100, -40, 0}, 0.1, NO_TRAIN}, "v_mV", "V", 1e-3, 1e-3, 0.101},
    {"ode/ml_snic_train", {"morris-lecar", ML_NAMES, ML_SNIC(35, -60), 0.1, "excitatory", "inhibitory", 15, -8, 1, false}, "v_mV", "V", 1e-3, 1e-3, 0.101},
    {"ode/ml_snic_train", {"morris-lecar", ML_NAMES, ML_SNIC(35, -60), 0.01, "excitatory", "inhibitory", 15, -8, 1, false}, "v_mV", "V", 1e-3, 1e-3, 0.011},
    /* twenty spikes in bursts: each shifts the next; at 0.01 ms nothing is left of that */
    {"ode/hr_burst_dc", {"hindmarsh-rose", {"I_e"}, {2}, 0.1, NO_TRAIN}, "x", "x", 1e-3, 1e-2, 0.15},
    {"ode/hr_burst_dc", {"hindmarsh-rose", {"I_e"}, {2}, 0.01, NO_TRAIN}, "x", "x", 1e-5, 1e-3, 0.011},
};
enum { N_CASES = sizeof cases / sizeof cases[0], MAX_ROWS = 4096 };

ParameterizedTestParameters(snn_channels, follow_trace_and_spikes)
{
    static int index[N_CASES];
    for (int i = 0; i < N_CASES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_CASES);
}

static cali_test_table *load(const char *file, const char *suffix)
{
    char name[256];
    snprintf(name, sizeof name, "reference/spiking/%s%s.csv", file, suffix);
    const char *path = cali_test_shared(name);
    return path == NULL ? NULL : cali_test_read_csv(path);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

ParameterizedTest(int *index, snn_channels, follow_trace_and_spikes)
{
    const channel_case *c = &cases[*index];
    cali_test_table *trace = load(c->file, "");
    if (trace == NULL)
        cr_skip_test("no reference data");
    cali_test_table *spikes = load(c->file, "_spikes");
    cali_single_run run;
    cali_single_start(&c->single, 0.1, &run);
    double *errors = calloc(trace->n_rows, sizeof *errors), early = 0.0, late = 0.0;
    size_t n = 0;
    for (size_t row = 0; row < trace->n_rows; row++) {
        const double t_ms = cali_test_value(trace, row, "t_ms");
        while (cal_time_ms(cal_snn_time(run.snn)) < t_ms - 1e-9)
            cali_single_step(&run);
        errors[n++] = fabs(cali_single_state(&run, c->state) - cali_test_value(trace, row, c->column));
    }
    qsort(errors, n, sizeof *errors, compare);
    cr_expect(errors[n / 2] <= c->median, "%s: %.3g off in the median", c->file, errors[n / 2]);
    cr_expect(eq(sz, run.n_spikes, spikes->n_rows), "%s", c->file);
    for (size_t i = 0; i < run.n_spikes && i < spikes->n_rows; i++) {
        const double shift_ms = run.spikes_ms[i] - spikes->values[i * spikes->n_columns];
        cr_expect(shift_ms >= -c->early_ms - 1e-6 && shift_ms <= c->late_ms + 1e-6, "%s: spike %zu is %.4f ms late",
                  c->file, i, shift_ms);
        early = fmin(early, shift_ms);
        late = fmax(late, shift_ms);
    }
    cr_log_info("%s dt %g: median %.2g, %.2g at 90 %%, spikes %.3f to %.3f ms late", c->file,
                c->single.dt_ms, errors[n / 2], errors[n * 9 / 10], early, late);
    free(errors);
    cali_single_stop(&run);
    cali_test_table_free(trace);
    cali_test_table_free(spikes);
}
