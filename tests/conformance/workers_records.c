/* Whatever a region can record in process it records in a worker, with the same bytes: one case for each kind of record, and all
 * together while the worker is killed ahead of every window. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>

#include "support/placed_runs.h"

/* A brain with one spiking region, which has what can be recorded: neurons that keep a rate, synapses that learn, synapses that
 * form. Then the record. */
static const char brain[] =
    "callosum: 1\n"
    "run: {duration: 48 ms, seed: 5}\n"
    "connectome: {generate: {regions: 6, seed: 1}, speed: 8 mm/ms}\n"
    "coupling: {gain: 0.5, min_delay: 2 ms, a: 10 ms}\n"
    "sync: {window: 2 ms}\n"
    "models: {field: {neural_mass: mpr, parameters: {tau: 10 ms}}}\n"
    "regions:\n"
    "  default: field\n"
    "  \"#2\":\n"
    "    spiking:\n"
    "      step: 0.1 ms\n"
    "      populations:\n"
    "        E: {neuron: lif, count: 60, parameters: {I_e: \"uniform(400 pA, 900 pA)\"},\n"
    "            homeostasis: {parameter: V_th, rate: 5 Hz, step: 0.1 mV, range: 5 mV}}\n"
    "        I: {neuron: lif, count: 20, parameters: {I_e: 500 pA}}\n"
    "      connections:\n"
    "        - {from: E, to: E, in_degree: 10, weight: 40 pA, delay: \"uniform(1 ms, 3 ms)\", plasticity: {rule: stdp, w_max: 100 pA}}\n"
    "        - {from: I, to: E, probability: 50 %, weight: -40 pA, plasticity: {rule: vogels, eta: 1 pA, w_max: 100 pA}}\n"
    "        - {from: E, to: I, in_degree: 0, weight: 10 pA, delay: 1 ms, plasticity: {rule: structural-linear, capacity: 20,\n"
    "           interval: 10 ms, axon_growth: 60 Hz, dendrite_growth: 60 Hz}}\n"
    "      receives: [{by: shared-poisson, into: E.excitatory, trains: 50, synapses: 20, weight: 20 pA}]\n"
    "      gives: [{by: rate, from: E}]\n"
    "record:\n";

static const struct {
    const char *name, *line;
} records[] = {
    {"all_spikes", "  signals: [{what: spikes, of: \"#2\"}]\n"},
    {"some_spikes", "  signals: [{what: spikes, of: \"#2\", neurons: [3, 7..19]}]\n"},
    {"a_share_of_spikes", "  signals: [{what: spikes, of: \"#2\", fraction: 30 %}]\n"},
    {"states", "  signals: [{what: V, of: \"#2\", neurons: random 5, every: 0.1 ms}]\n"},
    {"states_of_all", "  signals: [{what: V, of: \"#2\", populations: E, neurons: all, every: 3 ms}]\n"},
    {"homeostasis", "  signals: [{what: homeostasis, of: \"#2\", populations: E, neurons: all, every: 1 ms}]\n"},
    {"rates_of_populations", "  signals: [{what: rate, of: \"#2\", populations: all, every: 2 ms}]\n"},
    {"means_of_populations", "  signals: [{what: mean V, of: \"#2\", every: 1 ms}]\n"},
    {"what_regions_receive", "  signals: [{what: coupling, every: 1 ms}]\n"},
    {"rates_of_regions", "  signals: [{what: rate, every: 0.5 ms}, {what: rate, every: 8 ms, name: slow}]\n"},
    {"bold", "  signals: [{what: rate, every: 16 ms, monitor: bold}]\n"},
    {"weights", "  weights: [{every: 8 ms}]\n"},
    {"some_weights", "  weights: [{connection: E to E, every: 2 ms, synapses: random 20 %}]\n"},
    {"weights_of_neurons", "  weights: [{connection: I to E, every: 4 ms, sources: [3, 5..9], targets: every 7}]\n"},
    {"weights_of_nobody", "  weights: [{connection: E to E, every: 4 ms, synapses: random 0.01 %}]\n"},
    {"structure", "  weights: [{connection: E to I, every: 6 ms}]\n"},
};
enum { N_RECORDS = sizeof records / sizeof *records };

static const char *const all_local[] = {"all=local"};

ParameterizedTestParameters(workers_records, are_the_same)
{
    static int index[N_RECORDS];
    for (int i = 0; i < N_RECORDS; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_RECORDS);
}

ParameterizedTest(int *index, workers_records, are_the_same, .timeout = 300)
{
    char text[sizeof brain + 400], folder[1000];
    const cal_workers_def there = cali_placed(all_local, 1);
    snprintf(text, sizeof text, "%s%s", brain, records[*index].line);
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    cali_run_placed(text, folder, "here", NULL, 1, NULL, NULL);
    cali_run_placed(text, folder, records[*index].name, NULL, 2, &there, NULL);
    cali_expect_same_runs(folder, "here", records[*index].name);
}

static unsigned n_windows, n_lost;

static void kill_worker(cal_session *session)
{
    const cal_slot_info slot = cal_host_slot(cal_session_host(session), 0);
    if (slot.pid > 0)
        kill((pid_t)slot.pid, SIGKILL);
    n_windows++;
    n_lost = (unsigned)slot.n_lost;
}

/* With lag 2 the window after the next is under way when the worker dies. Snapshots are taken so often that some deaths come right
 * behind one. */
static void check_deaths(const char *lag)
{
    static const char record[] = "  signals: [{what: rate, every: 1 ms}, {what: spikes, of: \"#2\"},"
                                 " {what: V, of: \"#2\", neurons: random 5, every: 0.1 ms}]\n"
                                 "  weights: [{every: 6 ms}, {connection: E to E, every: 2 ms, synapses: random 20 %, name: few}]\n";
    char text[sizeof brain + sizeof record], folder[1000];
    cal_workers_def there = cali_placed(all_local, 1);
    there.host.snapshot_windows = 5;
    snprintf(text, sizeof text, "%s%s", brain, record);
    snprintf(folder, sizeof folder, "%s", cali_test_directory());
    cali_run_placed(text, folder, "here", lag, 1, NULL, NULL);
    cali_run_placed(text, folder, "killed", lag, 1, &there, kill_worker);
    cali_expect_same_runs(folder, "here", "killed");
    cr_expect(n_windows >= 24 && n_lost > n_windows / 3, "%u deaths in %u windows", n_lost, n_windows);
}

Test(workers_records, are_the_same_when_the_worker_dies_in_every_window, .timeout = 300)
{
    check_deaths("sync={window: 2 ms, lag: 1}");
}

Test(workers_records, are_the_same_when_it_dies_with_two_windows_under_way, .timeout = 300)
{
    check_deaths("sync={window: 1 ms, lag: 2}");
}
