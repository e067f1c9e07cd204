/* An experiment with all that draws or sums, for tests of whole runs. */
#ifndef CALI_TESTS_TWO_REGIONS_H
#define CALI_TESTS_TWO_REGIONS_H

/* Two spiking regions, private and shared Poisson trains, currents, coloured noise: everything that draws or sums. */
static const char *const cali_test_two_regions =
    "callosum: 1\n"
    "title: same bits\n"
    "run: {duration: 200 ms, seed: 7}\n"
    "connectome: {generate: {regions: 20, seed: 3}, speed: 4 mm/ms}\n"
    "coupling: {gain: 8, weights: row-sum-one, min_delay: 1 ms}\n"
    "integrator: {method: rk4, step: 0.1 ms}\n"
    "noise: [{state: V, level: 0.005 1/ms, tau: 10 ms}, {input: c_r, level: 0.05, tau: 10 ms}]\n"
    "models:\n"
    "  field: {neural_mass: mpr, parameters: {tau: 10 ms, J: 0.5, eta: 0.02, Delta: 0.05}}\n"
    "regions:\n"
    "  default: field\n"
    "  most connected:\n"
    "    spiking:\n"
    "      step: 0.05 ms\n"
    "      populations:\n"
    "        Q: {neuron: qif, count: 1000, parameters: {tau: 10 ms, eta: \"lorentzian(0.02, 0.05)\"}}\n"
    "      connections: [{from: Q, to: Q, in_degree: 50, weight: 0.01, delay: 0.1 ms}]\n"
    "      receives: [{by: current, into: Q}]\n"
    "      gives: [{by: rate, from: Q}]\n"
    "  \"#3\":\n"
    "    spiking:\n"
    "      step: 0.1 ms\n"
    "      populations:\n"
    "        E: {neuron: lif, count: 800}\n"
    "        I: {neuron: lif, count: 200}\n"
    "      connections:\n"
    "        - {from: E, to: E, probability: 5 %, weight: 20 pA, delay: \"uniform(0.5 ms, 2 ms)\"}\n"
    "        - {from: E, to: I, probability: 5 %, weight: 20 pA, delay: 1.5 ms}\n"
    "        - {from: I, to: E, in_degree: 20, weight: -80 pA, delay: 1.5 ms}\n"
    "      drive: [{kind: poisson, into: E.excitatory, rate: 8 Hz, trains: 1000, weight: 20 pA}]\n"
    "      receives:\n"
    "        - {by: poisson, into: E.excitatory, synapses: 100, weight: 20 pA}\n"
    "        - {by: shared-poisson, into: I.excitatory, synapses: 20, trains: 200, weight: 40 pA}\n"
    "      gives: [{by: rate, from: E}]\n"
    "record:\n"
    "  signals:\n"
    "    - {what: rate, of: all, every: 1 ms}\n"
    "    - {what: V, of: all, every: 1 ms}\n"
    "    - {what: mean v, every: 1 ms}\n"
    "    - {what: spikes, of: all}\n";

#endif
