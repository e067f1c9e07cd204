/* The messages of an experiment file, whole: every mistake is told with its place, the right word and
 * what to try. A change of a message is a change of this file. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/experiment.h"
#include "support/support.h"

static const struct {
    const char *name, *text, *message;
} cases[] = {
    {"typing_error_in_a_parameter",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr, parameters: {Tau: 20 ms, detla: 1}}}\n"
         "regions: {default: field}\n",
         "exp.yaml:4:49  C101  unknown parameter \"Tau\" of model mpr\n"
         "    4 | models: {field: {neural_mass: mpr, parameters: {Tau: 20 ms, detla: 1}}}\n"
         "      |                                                 ^\n"
         "  try      tau\n"
         "  known    tau, Delta, Gamma, J, eta, I, cr, cv\n"
         "exp.yaml:4:61  C101  unknown parameter \"detla\" of model mpr\n"
         "    4 | models: {field: {neural_mass: mpr, parameters: {Tau: 20 ms, detla: 1}}}\n"
         "      |                                                             ^\n"
         "  try      Delta\n"
         "  known    tau, Delta, Gamma, J, eta, I, cr, cv"},
    {"typing_error_in_a_key",
         "callosum: 1\n"
         "run: {duratoin: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n",
         "exp.yaml:2:7  C101  unknown key \"duratoin\" of run\n"
         "    2 | run: {duratoin: 1 s}\n"
         "      |       ^\n"
         "  try      duration\n"
         "  known    duration, transient, seed, memory"},
    {"no_unit",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip, speed: 3}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n",
         "exp.yaml:3:38  C102  connectome.speed needs a velocity, got the bare number 3\n"
         "    3 | connectome: {file: brain.zip, speed: 3}\n"
         "      |                                      ^\n"
         "  try      3 mm/ms (= 3 m/s)"},
    {"wrong_dimension",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: adex, count: 80}, L: {neuron: lif, count: 20}}\n"
         "      gives: {by: rate, from: E}\n"
         "      connections: [{from: E, to: E, in_degree: 4, receptor: excitatory, weight: 1 pA}]\n",
         "exp.yaml:11:82  C103  weight into E.excitatory is a conductance (nS), got 1 pA, which is a c"
         "urrent\n"
         "   11 | ...from: E, to: E, in_degree: 4, receptor: excitatory, weight: 1 pA}]\n"
         "      |                                                                ^\n"
         "  because  receptor excitatory of neuron adex takes a conductance\n"
         "  known    neurons that take a current: @pA@"},
    {"step_does_not_fit",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: adex, count: 80}, L: {neuron: lif, count: 20}}\n"
         "      gives: {by: rate, from: E}\n"
         "      step: 0.3 ms\n"
         "sync: {window: 1 ms}\n",
         "exp.yaml:11:13  C202  step 0.3 ms does not divide the window 1 ms\n"
         "   11 |       step: 0.3 ms\n"
         "      |             ^\n"
         "  try      0.25 ms, 0.2 ms"},
    {"unknown_unit",
         "callosum: 1\n"
         "run: {duration: 3 msec}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n",
         "exp.yaml:2:17  C102  run.duration: unknown unit \"msec\"\n"
         "    2 | run: {duration: 3 msec}\n"
         "      |                 ^\n"
         "  try      3 ms"},
    {"hertz_is_no_angular_frequency",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {k: {neural_mass: kuramoto, parameters: {omega: 10 Hz}}}\n"
         "regions: {default: k}\n",
         "exp.yaml:4:57  C103  omega of model kuramoto is an angular frequency (rad/ms), got 10 Hz, wh"
         "ich is a rate\n"
         "    4 | models: {k: {neural_mass: kuramoto, parameters: {omega: 10 Hz}}}\n"
         "      |                                                         ^\n"
         "  try      62.83 rad/s, which is 2 pi times 10 Hz"},
    {"unit_where_none_belongs",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr, parameters: {eta: -5 mV}}}\n"
         "regions: {default: field}\n",
         "exp.yaml:4:54  C103  eta of model mpr is a plain number, got -5 mV, which is a voltage\n"
         "    4 | models: {field: {neural_mass: mpr, parameters: {eta: -5 mV}}}\n"
         "      |                                                      ^\n"
         "  try      -5, without a unit"},
    {"outside_range",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr, parameters: {tau: 0 ms, Delta: -1}}}\n"
         "regions: {default: field}\n",
         "exp.yaml:4:54  C106  tau of model mpr is 0 ms, but must be from 0.001 ms to 10000 ms\n"
         "    4 | models: {field: {neural_mass: mpr, parameters: {tau: 0 ms, Delta: -1}}}\n"
         "      |                                                      ^\n"
         "exp.yaml:4:67  C106  Delta of model mpr is -1, but must be from 0 to 1000\n"
         "    4 | models: {field: {neural_mass: mpr, parameters: {tau: 0 ms, Delta: -1}}}\n"
         "      |                                                                   ^"},
    {"another_kind",
         "callosum: 1\n"
         "run: [1, 2]\n"
         "connectome: {file: {a: 1}}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n",
         "exp.yaml:2:6  C104  run needs a mapping of keys, got a list\n"
         "    2 | run: [1, 2]\n"
         "      |      ^\n"
         "exp.yaml:3:20  C104  connectome.file needs a text, got a mapping\n"
         "    3 | connectome: {file: {a: 1}}\n"
         "      |                    ^"},
    {"words",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n"
         "coupling: {weights: row-sum-on}\n"
         "integrator: cvode\n",
         "exp.yaml:6:21  C101  coupling.weights cannot be \"row-sum-on\"\n"
         "    6 | coupling: {weights: row-sum-on}\n"
         "      |                     ^\n"
         "  try      row-sum-one\n"
         "  known    none, max-one, row-sum-one, mean-row-one, log-max-one, max-row-one, total-one, spectral-radius-one, binary\n"
         "exp.yaml:7:13  C101  integrator cannot be \"cvode\"\n"
         "    7 | integrator: cvode\n"
         "      |             ^\n"
         "  known    auto, cvode-adams, cvode-bdf, erk, rk4, heun, euler, sra1, euler-held, heun-held, rk4-held"},
    {"missing",
         "callosum: 1\n"
         "run: {seed: 1}\n"
         "connectome: {speed: 3 mm/ms}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {A: field}\n",
         "exp.yaml:2:6  C105  run needs the key \"duration\": simulated time\n"
         "    2 | run: {seed: 1}\n"
         "      |      ^\n"
         "exp.yaml:3:13  C105  connectome needs the key \"file\" or \"generate\"\n"
         "    3 | connectome: {speed: 3 mm/ms}\n"
         "      |             ^\n"
         "  try      file: connectivity_76.zip, or generate: {regions: 68}\n"
         "exp.yaml:5:10  C105  regions needs the key \"default\"\n"
         "    5 | regions: {A: field}\n"
         "      |          ^\n"
         "  try      default: field"},
    {"model_not_defined",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: feild, A: mpr}\n",
         "exp.yaml:5:20  C107  no model \"feild\" under models\n"
         "    5 | regions: {default: feild, A: mpr}\n"
         "      |                    ^\n"
         "  try      field\n"
         "  known    field\n"
         "exp.yaml:5:30  C107  no model \"mpr\" under models\n"
         "    5 | regions: {default: feild, A: mpr}\n"
         "      |                              ^\n"
         "  because  this is a name of the catalogue; regions take names of the file\n"
         "  known    field"},
    {"neuron_for_mass",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: adex}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: mpr, count: 10}}\n"
         "      gives: {by: rate, from: E}\n",
         "exp.yaml:4:31  C101  \"adex\" is a neuron, not a neural mass\n"
         "    4 | models: {field: {neural_mass: adex}}\n"
         "      |                               ^\n"
         "  try      one of the names that callosum models lists\n"
         "exp.yaml:9:33  C101  \"mpr\" is a neural mass, not a neuron\n"
         "    9 |       populations: {E: {neuron: mpr, count: 10}}\n"
         "      |                                 ^\n"
         "  known    @neurons@"},
    {"population_not_defined",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: adex, count: 80}, L: {neuron: lif, count: 20}}\n"
         "      gives: {by: rate, from: P}\n"
         "      connections: [{from: E, to: \"E, X\", in_degree: 4, weight: 1 nS}]\n",
         "exp.yaml:10:31  C107  no population \"P\" in this region\n"
         "   10 |       gives: {by: rate, from: P}\n"
         "      |                               ^\n"
         "  try      E\n"
         "  known    E, L\n"
         "exp.yaml:11:35  C107  no population \"X\" in this region\n"
         "   11 |       connections: [{from: E, to: \"E, X\", in_degree: 4, weight: 1 nS}]\n"
         "      |                                   ^\n"
         "  try      E\n"
         "  known    E, L"},
    {"receptor_open",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: adex, count: 80}, L: {neuron: lif, count: 20}}\n"
         "      gives: {by: rate, from: E}\n"
         "      connections: [{from: E, to: E, in_degree: 4, weight: 1 nS}, {from: E, to: E, in_degree"
         ": 4, receptor: exc, weight: 1 nS}]\n",
         "exp.yaml:11:21  C105  which receptor of population E?\n"
         "   11 |       connections: [{from: E, to: E, in_degree: 4, weight: 1 nS}, {from: E, to: E, i"
         "n_degr\n"
         "      |                     ^\n"
         "  because  neuron adex has several, and a conductance has no sign\n"
         "  known    excitatory, inhibitory\n"
         "exp.yaml:11:108  C107  no receptor \"exc\" at population E of neuron adex\n"
         "   11 | ... 4, weight: 1 nS}, {from: E, to: E, in_degree: 4, receptor: exc, weight: 1 nS}]\n"
         "      |                                                                ^\n"
         "  known    excitatory, inhibitory"},
    {"negative_conductance",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: adex, count: 80}, L: {neuron: lif, count: 20}}\n"
         "      gives: {by: rate, from: E}\n"
         "      connections: [{from: E, to: E, in_degree: 4, receptor: inhibitory, weight: -1 nS}]\n",
         "exp.yaml:11:82  C106  weight into E.inhibitory is negative\n"
         "   11 | ...from: E, to: E, in_degree: 4, receptor: inhibitory, weight: -1 nS}]\n"
         "      |                                                                ^\n"
         "  because  a conductance is a modulus: its receptor says which way it pulls\n"
         "  try      receptor: inhibitory"},
    {"one_rule",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: adex, count: 80}, L: {neuron: lif, count: 20}}\n"
         "      gives: {by: rate, from: E}\n"
         "      connections: [{from: E, to: L, weight: 1 pA}, {from: E, to: L, weight: 1 pA, in_degree"
         ": 3, all_to_all: true}]\n",
         "exp.yaml:11:21  C105  a connection needs one rule, this has none\n"
         "   11 |       connections: [{from: E, to: L, weight: 1 pA}, {from: E, to: L, weight: 1 pA, i"
         "n_degr\n"
         "      |                     ^\n"
         "  try      in_degree: 100, out_degree: 100, total: 10000, probability: 10 %, neighbours: 10, nearest: 10, file: synapses.csv, all_to_all: true "
         "or one_to_one: true\n"
         "exp.yaml:11:53  C105  a connection needs one rule, this has several\n"
         "   11 |       connections: [{from: E, to: L, weight: 1 pA}, {from: E, to: L, weight: 1 pA, i"
         "n_degr\n"
         "      |                                                     ^\n"
         "  try      in_degree: 100, out_degree: 100, total: 10000, probability: 10 %, neighbours: 10, nearest: 10, file: synapses.csv, all_to_all: true "
         "or one_to_one: true"},
    {"comma_in_braces",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: adex, count: 10, parameters: {E_L: normal(-55 mV, 2 mV)}}}\n"
         "      gives: {by: rate, from: E}\n",
         "exp.yaml:9:68  C104  E_L of neuron adex: \"normal(-55 mV\" does not end with )\n"
         "    9 |       populations: {E: {neuron: adex, count: 10, parameters: {E_L: normal(-55 mV, 2 "
         "mV)}}}\n"
         "      |                                                                    ^\n"
         "  because  a comma ends a value inside of braces\n"
         "  try      quotes around all of it"},
    {"distributions",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: adex, count: 10, parameters: {E_L: \"nromal(1 mV, 2 mV)\", b"
         ": \"uniform(1 pA)\", a: \"normal(1 nS, 2 pA)\"}}}\n"
         "      gives: {by: rate, from: E}\n",
         "exp.yaml:9:68  C101  E_L of neuron adex: unknown distribution \"nromal\"\n"
         "    9 |       populations: {E: {neuron: adex, count: 10, parameters: {E_L: \"nromal(1 mV, 2 "
         "mV)\", b\n"
         "      |                                                                    ^\n"
         "  try      normal\n"
         "  known    normal, lognormal, uniform, lorentzian, lorentzian-random\n"
         "exp.yaml:9:93  C104  b of neuron adex: uniform needs lower end and upper end\n"
         "    9 | ...adex, count: 10, parameters: {E_L: \"nromal(1 mV, 2 mV)\", b: \"uniform(1 pA)\", "
         "a: \"normal(1 \n"
         "      |                                                                ^\n"
         "exp.yaml:9:113  C103  a of neuron adex: the standard deviation is a conductance (nS), got 2 "
         "pA, which is a current\n"
         "    9 | ...ameters: {E_L: \"nromal(1 mV, 2 mV)\", b: \"uniform(1 pA)\", a: \"normal(1 nS, 2 "
         "pA)\"}}}\n"
         "      |                                                                ^"},
    {"counts",
         "callosum: 1\n"
         "run: {duration: 1 s, seed: -3}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: adex, count: 1e308}, F: {neuron: adex, count: 0}, G: {neuron"
         ": lif, count: 1.5}}\n"
         "      gives: {by: rate, from: E}\n",
         "exp.yaml:2:28  C104  run.seed needs a whole number from 0 to 2^64 - 1, got \"-3\"\n"
         "    2 | run: {duration: 1 s, seed: -3}\n"
         "      |                            ^\n"
         "exp.yaml:9:46  C104  population E.count needs a whole number from 1 to 2147483647, got \"1e3"
         "08\"\n"
         "    9 |       populations: {E: {neuron: adex, count: 1e308}, F: {neuron: adex, count: 0}, G:"
         " {neur\n"
         "      |                                              ^\n"
         "exp.yaml:9:79  C106  population F.count is 0, but must be from 1 to 2147483647\n"
         "    9 | ... {E: {neuron: adex, count: 1e308}, F: {neuron: adex, count: 0}, G: {neuron: lif, "
         "count: 1.\n"
         "      |                                                                ^\n"
         "exp.yaml:9:107  C104  population G.count needs a whole number from 1 to 2147483647, got \"1."
         "5\"\n"
         "    9 | ...e308}, F: {neuron: adex, count: 0}, G: {neuron: lif, count: 1.5}}\n"
         "      |                                                                ^"},
    {"nan_and_infinity",
         "callosum: 1\n"
         "run: {duration: nan}\n"
         "connectome: {file: b.zip, speed: 1e999 m/s}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n"
         "coupling: {gain: .inf, min_delay: inf ms}\n",
         "exp.yaml:2:17  C104  run.duration needs a duration, got \"nan\"\n"
         "    2 | run: {duration: nan}\n"
         "      |                 ^\n"
         "  try      1 s\n"
         "exp.yaml:3:34  C106  connectome.speed is beyond all numbers: \"1e999 m/s\"\n"
         "    3 | connectome: {file: b.zip, speed: 1e999 m/s}\n"
         "      |                                  ^\n"
         "exp.yaml:6:18  C104  coupling.gain needs a plain number, got \".inf\"\n"
         "    6 | coupling: {gain: .inf, min_delay: inf ms}\n"
         "      |                  ^\n"
         "  try      1\n"
         "exp.yaml:6:35  C104  coupling.min_delay needs a duration, got \"inf ms\"\n"
         "    6 | coupling: {gain: .inf, min_delay: inf ms}\n"
         "      |                                   ^\n"
         "  try      1 ms"},
    {"nanoseconds",
         "callosum: 1\n"
         "run: {duration: 1.5 ns}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n",
         "exp.yaml:2:17  C106  run.duration is no whole number of nanoseconds: 1.5 ns\n"
         "    2 | run: {duration: 1.5 ns}\n"
         "      |                 ^\n"
         "  because  simulated time is counted in nanoseconds"},
    {"transducers",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: adex, count: 80}, L: {neuron: lif, count: 20}}\n"
         "      gives: {by: rate, from: E}\n"
         "      receives: [{by: poison, into: E}, {by: rate, into: E}, {by: current, into: E, weight: "
         "1 nS}, {by: poisson, into: E.excitatory}, {by: current, into: L, gain: 3}]\n",
         "exp.yaml:11:23  C101  unknown transducer \"poison\"\n"
         "   11 |       receives: [{by: poison, into: E}, {by: rate, into: E}, {by: current, into: E, "
         "weight\n"
         "      |                       ^\n"
         "  try      poisson\n"
         "  known    current, rate-current, poisson, shared-poisson\n"
         "exp.yaml:11:46  C101  \"rate\" is a transducer of the other direction\n"
         "   11 |       receives: [{by: poison, into: E}, {by: rate, into: E}, {by: current, into: E, "
         "weight\n"
         "      |                                              ^\n"
         "  known    current, rate-current, poisson, shared-poisson\n"
         "exp.yaml:11:93  C104  \"weight\" is no key of receives[2] by current\n"
         "   11 | ...to: E}, {by: rate, into: E}, {by: current, into: E, weight: 1 nS}, {by: poisson, "
         "into: E.e\n"
         "      |                                                                ^\n"
         "  because  it makes no spikes\n"
         "exp.yaml:11:100  C105  receives[3] needs the key \"weight\"\n"
         "   11 | ... {by: rate, into: E}, {by: current, into: E, weight: 1 nS}, {by: poisson, into: E"
         ".excitato\n"
         "      |                                                                ^\n"
         "  because  poisson makes spikes\n"
         "exp.yaml:11:164  C102  gain of current needs a current, got the bare number 3\n"
         "   11 | ... poisson, into: E.excitatory}, {by: current, into: L, gain: 3}]\n"
         "      |                                                                ^\n"
         "  try      3 pA"},
    {"noise",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n"
         "noise: {state: v, level: 1 1/ms}\n"
         "integrator: rk4\n",
         "exp.yaml:6:16  C107  no model here has the state \"v\"\n"
         "    6 | noise: {state: v, level: 1 1/ms}\n"
         "      |                ^\n"
         "  try      V\n"
         "  known    r, V"},
    {"white_noise",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n"
         "noise: {state: V, level: 1 1/sqrt(ms)}\n"
         "integrator: rk4\n",
         "exp.yaml:6:8  C205  white noise and the integrator rk4 do not go together\n"
         "    6 | noise: {state: V, level: 1 1/sqrt(ms)}\n"
         "      |        ^\n"
         "  because  it is no solution of an ordinary differential equation\n"
         "  try      integrator: heun, or tau: 5 ms here"},
    {"level_needs_unit",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n"
         "noise: {state: r, level: 0.01 1/ms, tau: 1 ms}\n",
         "exp.yaml:6:26  C103  noise[0].level is a rate per time (1/ms^2), got 0.01 1/ms, which is a r"
         "ate\n"
         "    6 | noise: {state: r, level: 0.01 1/ms, tau: 1 ms}\n"
         "      |                          ^"},
    {"generate_is_even",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {generate: {regions: 67}}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n",
         "exp.yaml:3:34  C106  connectome.generate.regions is 67, but must be even: two hemispheres\n"
         "    3 | connectome: {generate: {regions: 67}}\n"
         "      |                                  ^\n"
         "  try      68"},
    {"default_must_have_a_model",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: {spiking: {populations: {E: {neuron: lif, count: 1}}, gives: {by: rate, f"
         "rom: E}}}}\n",
         "exp.yaml:5:11  C105  regions.default needs a model\n"
         "    5 | regions: {default: {spiking: {populations: {E: {neuron: lif, count: 1}}, gives: {by:"
         " rate,\n"
         "      |           ^\n"
         "  because  spiking regions without one are compared with it\n"
         "  try      model: field beside spiking"},
    {"delay_below_step",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: \n"
         "  default: field\n"
         "  A:\n"
         "    spiking:\n"
         "      populations: {E: {neuron: adex, count: 80}, L: {neuron: lif, count: 20}}\n"
         "      gives: {by: rate, from: E}\n"
         "      step: 0.1 ms\n"
         "      connections: [{from: L, to: L, in_degree: 4, weight: 1 pA, delay: 10 us}]\n",
         "exp.yaml:12:73  C106  delay 0.01 ms is shorter than the step 0.1 ms\n"
         "   12 | ...tions: [{from: L, to: L, in_degree: 4, weight: 1 pA, delay: 10 us}]\n"
         "      |                                                                ^\n"
         "  try      delay: 0.1 ms"},
    {"syntax",
         "callosum: 1\n"
         "run: {duration: 1 s\n"
         "models: {}\n",
         "exp.yaml:3:7  C100  not valid YAML: did not find expected ',' or '}'\n"
         "    3 | models: {}\n"
         "      |       ^\n"
         "  because  found while parsing a flow mapping that began at 2:6\n"
         "  try      a comma between two keys, and } at the end of the mapping"},
    {"empty",
         "# nothing\n",
         "exp.yaml  C100  the file holds nothing\n"
         "  try      callosum new NAME, which writes one"},
    {"duplicate",
         "callosum: 1\n"
         "run: {duration: 1 s}\n"
         "connectome: {file: brain.zip}\n"
         "models: {field: {neural_mass: mpr}}\n"
         "regions: {default: field}\n"
         "run: {duration: 2 s}\n",
         "exp.yaml:6:1  C100  the key \"run\" stands here a second time\n"
         "    6 | run: {duration: 2 s}\n"
         "      | ^\n"
         "  because  its first place is 2:1"},
    {"sequence",
         "- 1\n"
         "- 2\n",
         "exp.yaml:1:1  C104  an experiment needs a mapping of keys, got a list\n"
         "    1 | - 1\n"
         "      | ^"},
};

static char message[16384];

/* The message of a text that must be refused; the file is called exp.yaml. */
static const char *refusal(const char *text, size_t size, const char *const *sets, size_t n_sets)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    const cal_status status = cali_experiment_parse(ctx, "exp.yaml", text, size, sets, n_sets, &e);
    cr_expect(eq(int, status, CAL_ERR_INPUT));
    cr_expect(e == NULL);
    snprintf(message, sizeof message, "%s", cal_context_message(ctx));
    cal_context_destroy(&ctx);
    return message;
}

static bool takes(const cal_neuron *neuron, const char *receptor, const char *unit)
{
    for (size_t i = 0; i < neuron->n_receptors; i++)
        if (strcmp(neuron->receptors[i].name, receptor) == 0 && strcmp(neuron->receptors[i].unit, unit) == 0)
            return true;
    return false;
}

/* A message with the catalogue's neurons in the place of @neurons@, and those with an excitatory receptor in pA in the place
 * of @pA@: the lists grow with the catalogue. */
static const char *with_neurons(const char *text)
{
    static char whole[16384];
    const char *mark = strstr(text, "@neurons@"), *other = strstr(text, "@pA@");
    const bool is_all = mark != NULL;
    mark = is_all ? mark : other;
    if (mark == NULL)
        return text;
    size_t at = (size_t)snprintf(whole, sizeof whole, "%.*s", (int)(mark - text), text), n = 0;
    for (size_t i = 0; i < cal_snn_n_neurons(); i++)
        if (is_all || takes(cal_snn_neuron_at(i), "excitatory", "pA"))
            at += (size_t)snprintf(whole + at, sizeof whole - at, "%s%s", n++ > 0 ? ", " : "", cal_snn_neuron_at(i)->name);
    snprintf(whole + at, sizeof whole - at, "%s", mark + strlen(is_all ? "@neurons@" : "@pA@"));
    return whole;
}

ParameterizedTestParameters(experiment_messages, are_these)
{
    static int index[sizeof cases / sizeof *cases];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, sizeof cases / sizeof *cases);
}

ParameterizedTest(int *i, experiment_messages, are_these)
{
    const char *text = cases[*i].text;
    cr_expect(eq(str, (char *)refusal(text, strlen(text), NULL, 0), (char *)with_neurons(cases[*i].message)), "%s", cases[*i].name);
}

static const char good[] = "callosum: 1\n"
                           "run: {duration: 1 s}\n"
                           "connectome: {file: brain.zip}\n"
                           "models: {field: {neural_mass: mpr}}\n"
                           "regions: {default: field}\n"
                           "record: {signals: [{what: r}]}\n";

static void expect_set(const char *set, const char *wanted)
{
    cr_expect(eq(str, (char *)refusal(good, strlen(good), &set, 1), (char *)wanted));
}

Test(experiment_messages, point_at_the_override_that_is_wrong)
{
    expect_set("run.duration=5",
               "--set run.duration=5  C102  run.duration needs a duration, got the bare number 5\n"
               "  try      5 s");
    expect_set("run.duratoin=5 s",
               "--set run.duratoin=5 s  C101  unknown key \"duratoin\" of run\n"
               "  try      duration\n"
               "  known    duration, transient, seed, memory");
    expect_set("run.duration=",
               "--set run.duration=  C109  nothing stands behind the =\n"
               "  try      path=value, for example run.duration=2 s");
    expect_set("run.duration",
               "--set run.duration  C109  this is no path=value\n"
               "  try      run.duration=2 s, record.signals[0].every=1 ms or regions.\"most connected\".mode"
               "l=field");
    expect_set("run",
               "--set run  C109  this is no path=value\n"
               "  try      run.duration=2 s, record.signals[0].every=1 ms or regions.\"most connected\".mode"
               "l=field");
    expect_set(".x=1",
               "--set .x=1  C109  this is no path=value\n"
               "  try      run.duration=2 s, record.signals[0].every=1 ms or regions.\"most connected\".mode"
               "l=field");
    expect_set("a b.c=3",
               "--set a b.c=3  C101  unknown key \"a b\"\n"
               "  known    callosum, title, run, network, connectome, coupling, initial, integrator, noise, stimuli, models, r"
               "egions, sync, record, checkpoint, workers, analysis");
    expect_set("record.signals[5].what=V",
               "--set record.signals[5].what=V  C109  the list has 1 entries, so [5] is none of them\n"
               "  try      [0] to [1]");
    expect_set("record.signals.what=V",
               "--set record.signals.what=V  C109  \"what\" does not lead anywhere: there is a list");
    expect_set("run.duration.x=3",
               "--set run.duration.x=3  C109  \"x\" does not lead anywhere: there is \"1 s\"");
    expect_set("run.seed=[1, 2",
               "--set run.seed=[1, 2  C100  not valid YAML: did not find expected ',' or ']'\n"
               "  try      a comma between two values, and ] at the end of the list");
    expect_set("models.\"field=1",
               "--set models.\"field=1  C109  this is no path=value\n"
               "  try      run.duration=2 s, record.signals[0].every=1 ms or regions.\"most connected\".mode"
               "l=field");
    expect_set("regions.\"most connected\"=nothing",
               "--set regions.\"most connected\"=nothing  C107  no model \"nothing\" under models\n"
               "  known    field");
    expect_set("callosum=2",
               "--set callosum=2  C104  the version of the format is 1, got \"2\"\n"
               "  try      callosum: 1");
}

/* Twenty mistakes: ten are shown, in the order of the file, the rest is counted. */
Test(experiment_messages, are_ten_at_most)
{
    char text[4096];
    size_t n = (size_t)snprintf(text, sizeof text, "%s", good);
    for (int i = 0; i < 20; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "x%d: 1\n", i);
    const char *told = refusal(text, n, NULL, 0);
    const char *first = strstr(told, "exp.yaml:7:1  C101  unknown key \"x0\""), *tenth = strstr(told, "\"x9\"");
    cr_assert(first == told);
    cr_expect(tenth != NULL && tenth > first);
    cr_expect(strstr(told, "\"x10\"") == NULL);
    cr_expect(strstr(told, "\nand 10 more") != NULL);
}

/* A line of 16 MB is shown around its mistake only; the message stays short. */
Test(experiment_messages, show_little_of_a_long_line)
{
    const size_t size = 15000000;
    char *text = malloc(size + 1);
    memset(text, ' ', size);
    memcpy(text, "{callosum: 2,", 13);
    memcpy(text + size - 9, "title: x}", 10);
    const char *told = refusal(text, size, NULL, 0);
    cr_expect(lt(sz, strlen(told), 2000));
    cr_expect(strstr(told, "exp.yaml:1:12  C104  the version of the format is 1, got \"2\"") != NULL, "%s", told);
    free(text);
}

/* What a session says later has the same form. */
Test(experiment_messages, of_the_session_have_the_same_form)
{
    cal_context *ctx = cali_test_context(1);
    cal_experiment *e = NULL;
    cr_assert(eq(int, cali_experiment_parse(ctx, "exp.yaml", good, strlen(good), NULL, 0, &e), CAL_OK));
    const cal_status status =
        cali_experiment_fail(ctx, e, e->assignments[0].place, "C303", "no region \"%s\"\ntry \"%s\"", "A lft", "A left");
    cr_expect(eq(int, status, CAL_ERR_INPUT));
    cr_expect(eq(str, (char *)cal_context_message(ctx), "exp.yaml:5:11  C303  no region \"A lft\"\n"
                                                        "    5 | regions: {default: field}\n"
                                                        "      |           ^\n"
                                                        "  try      \"A left\""));
    cal_context_clear(ctx);
    cali_experiment_fail(ctx, e, (cali_place){0}, "C304", "weights are not symmetric");
    cr_expect(eq(str, (char *)cal_context_message(ctx), "exp.yaml  C304  weights are not symmetric"));
    cal_experiment_destroy(&e);
    cal_context_destroy(&ctx);
}

/* Neither aliases nor depth nor a huge count make a hostile file cost more than its size. */
Test(experiment_messages, hostile_files_are_refused)
{
    static const char bomb[] = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                               "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                               "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
                               "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n";
    cr_expect(strstr(refusal(bomb, sizeof bomb - 1, NULL, 0), "aliases that stand for too much") != NULL);
    char deep[300];
    memset(deep, '[', sizeof deep);
    cr_expect(strstr(refusal(deep, sizeof deep, NULL, 0), "nested deeper than 64 levels") != NULL);
    cr_expect(strstr(refusal("\xff\xfe\x00", 3, NULL, 0), "C100") != NULL);
}
