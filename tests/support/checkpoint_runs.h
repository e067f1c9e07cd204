/* Small experiments of every kind, to be interrupted: what tests of checkpoints run over. */
#ifndef CALI_TESTS_CHECKPOINT_RUNS_H
#define CALI_TESTS_CHECKPOINT_RUNS_H

#define BRAIN                                                                                                           \
    "connectome: {generate: {regions: 6, seed: 1}, speed: 8 mm/ms}\n"                                                   \
    "coupling: {gain: 0.5, min_delay: 2 ms, a: 10 ms}\n"                                                                 \
    "models: {field: {neural_mass: mpr, parameters: {tau: 10 ms}}}\n"
#define MONITORS                                                                                                        \
    "record:\n"                                                                                                         \
    "  signals:\n"                                                                                                      \
    "    - {what: rate, every: 1 ms}\n"                                                                                 \
    "    - {what: rate, every: 14 ms, mean: true, name: slow}\n"                                                         \
    "    - {what: V, every: 3 ms}\n"                                                                                    \
    "    - {what: rate, every: 40 ms, monitor: {kind: bold, length: 100 ms}}\n"                                          \
    "    - {what: rate, every: 40 ms, monitor: {kind: bold, form: tvb, length: 100 ms}, name: tvb}\n"                    \
    "    - {what: rate, every: 40 ms, monitor: {kind: balloon}}\n"                                                       \
    "    - {what: V, every: 7 ms, monitor: {kind: eeg, lead_field: eeg.csv, unit: uV}}\n"
#define SPIKING_SIGNALS                                                                                                 \
    MONITORS "    - {what: spikes, of: all}\n"                                                                          \
             "    - {what: V, every: 2 ms, populations: E, neurons: 5}\n"                                          \
             "    - {what: rate, every: 6 ms, populations: E, name: slow}\n"                                             \
             "    - {what: mean V, every: 2 ms, populations: E}\n"
#define AREA                                                                                                            \
    "    spiking:\n"                                                                                                    \
    "      step: 0.1 ms\n"                                                                                              \
    "      populations: {E: {neuron: lif, count: 80}, I: {neuron: lif, count: 20}}\n"                                   \
    "      connections:\n"                                                                                              \
    "        - {from: E, to: \"E, I\", in_degree: 8, weight: 60 pA, delay: 1.5 ms}\n"                                    \
    "        - {from: I, to: \"E, I\", in_degree: 4, weight: -200 pA, delay: 1.5 ms}\n"                                  \
    "      drive: [{kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}]\n"

typedef struct checkpoint_run {
    const char *name;
    const char *text;
} checkpoint_run;

static const checkpoint_run checkpoint_runs[] = {
    {"masses, rk4", "callosum: 1\nrun: {duration: 200 ms, seed: 3}\n" BRAIN
     "integrator: {method: rk4, step: 0.1 ms}\nregions: {default: field}\n" MONITORS "checkpoint: {every: 23 ms}\n"},
    {"masses, white noise", "callosum: 1\nrun: {duration: 200 ms, seed: 3}\n" BRAIN
     "noise: [{state: V, level: 0.1 1/sqrt(ms)}]\nregions: {default: field}\n" MONITORS "checkpoint: {every: 23 ms}\n"},
    {"masses, coloured noise and a stimulus", "callosum: 1\nrun: {duration: 200 ms, seed: 3}\n" BRAIN
     "noise: [{input: c_r, level: 0.05, tau: 10 ms}]\nstimuli: [{wave: sine, frequency: 9 Hz, amplitude: 1}]\n"
     "regions: {default: field}\n" MONITORS "checkpoint: {every: 23 ms}\n"},
    {"masses, cvode-adams", "callosum: 1\nrun: {duration: 200 ms, seed: 3}\n" BRAIN
     "integrator: {method: cvode-adams}\nregions: {default: field}\n" MONITORS "checkpoint: {every: 23 ms}\n"},
    {"masses, cvode-bdf", "callosum: 1\nrun: {duration: 200 ms, seed: 3}\n" BRAIN
     "integrator: {method: cvode-bdf}\nstimuli: [{wave: pulse-train, amplitude: 1, period: 46 ms, width: 5 ms}]\n"
     "regions: {default: field}\n" MONITORS "checkpoint: {every: 23 ms}\n"},
    {"masses, erk", "callosum: 1\nrun: {duration: 200 ms, seed: 3}\n" BRAIN
     "integrator: {method: erk}\nregions: {default: field}\n" MONITORS "checkpoint: {every: 23 ms}\n"},
    {"one spiking region", "callosum: 1\nrun: {duration: 200 ms, seed: 3}\n" BRAIN
     "integrator: {method: rk4, step: 0.1 ms}\nregions:\n  default: field\n  \"#1\":\n" AREA
     "      receives: [{by: poisson, into: E.excitatory, synapses: 100, weight: 20 pA}]\n"
     "      gives: [{by: rate-exp, from: E}]\n" SPIKING_SIGNALS "checkpoint: {every: 23 ms}\n"},
    {"two spiking regions, lag 2", "callosum: 1\nrun: {duration: 200 ms, seed: 3}\n" BRAIN
     "sync: {lag: 2}\nnoise: [{state: V, level: 0.1 1/sqrt(ms)}]\nregions:\n  default: field\n  \"#1\":\n" AREA
     "      receives: [{by: shared-poisson, trains: 50, into: E.excitatory, synapses: 10, weight: 20 pA}]\n"
     "      gives: [{by: rate, from: E}]\n  \"#4\":\n" AREA
     "      receives: [{by: rate-current, into: E}]\n"
     "      gives: [{by: rate-exp, from: E}, {by: rate, from: I}]\n" SPIKING_SIGNALS "checkpoint: {every: 23 ms}\n"},
    {"a spiking region and an adaptive host", "callosum: 1\nrun: {duration: 200 ms, seed: 3}\n" BRAIN
     "integrator: {method: cvode-adams}\nregions:\n  default: field\n  \"#1\":\n" AREA
     "      receives: [{by: rate-current, into: E}]\n"
     "      gives: [{by: rate, from: E}]\n" SPIKING_SIGNALS "checkpoint: {every: 23 ms}\n"},
    {"a plastic network of its own",
     "callosum: 1\nrun: {duration: 200 ms, seed: 3}\nsync: {window: 2 ms}\n"
     "network:\n"
     "  step: 0.1 ms\n"
     "  populations:\n"
     "    E: {neuron: lif, count: 80}\n"
     "    I: {neuron: lif, count: 20}\n"
     "  connections:\n"
     "    - {from: E, to: E, in_degree: 8, weight: 60 pA, delay: 1.5 ms, name: learning,\n"
     "       plasticity: {rule: stdp, w_max: 200 pA}}\n"
     "    - {from: E, to: I, in_degree: 8, weight: 60 pA, delay: 1.5 ms, plasticity: {rule: tsodyks-markram}}\n"
     "    - {from: I, to: \"E, I\", in_degree: 4, weight: -200 pA, delay: 1.5 ms}\n"
     "  drive:\n"
     "    - {kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}\n"
     "    - {kind: noise, into: E, sd: 50 pA, tau: 5 ms}\n"
     "record:\n"
     "  signals:\n"
     "    - {what: rate, every: 7 ms}\n"
     "    - {what: mean V, every: 3 ms}\n"
     "    - {what: V, every: 0.5 ms, of: E, neurons: 7, name: volts}\n"
     "    - {what: spikes}\n"
     "  weights:\n"
     "    - {connection: learning, every: 10 ms, synapses: random 50}\n"
     "checkpoint: {every: 23 ms}\n"},
};
enum { N_CHECKPOINT_RUNS = sizeof checkpoint_runs / sizeof *checkpoint_runs };

/* eeg.csv beside the experiment. */
static const char checkpoint_lead_field[] = "sensor,L.region_00,L.region_01,L.region_02,R.region_00,R.region_01,R.region_02\n"
                                            "Cz,1,2,3,4,5,6\nFz,-1,0.5,2,0,3,1\n";

#endif
