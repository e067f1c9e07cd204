/* COBA and Brunel's network of bench_snn.c in Auryn: CPU seconds per simulated second, the mean rate and the CPU seconds
 * of construction. Connections are pairwise random (0.02 and 0.1), as Auryn has them; its shortest delay is 0.8 ms.
 *
 *   g++ -O3 -march=native -ffast-math snn_auryn.cpp -lauryn -lboost_... -o snn_auryn;   snn_auryn CASE SIMULATED_MS */
#include "auryn.h"

#include <cstdio>
#include <ctime>

using namespace auryn;

/* Spikes of a group, counted at every step. */
struct SpikeCounter : Checker {
    SpikingGroup *group;
    double count = 0.0;
    explicit SpikeCounter(SpikingGroup *g) : group(g) { sys->register_checker(this); }
    bool propagate() override
    {
        count += group->get_spikes_immediate()->size();
        return true;
    }
};

static double cpu_s()
{
    return (double)std::clock() / CLOCKS_PER_SEC;
}

static void connect(NeuronGroup *e, NeuronGroup *i, double probability, double weight_e, double weight_i, TransmitterType exc,
                    TransmitterType inh)
{
    new SparseConnection(e, e, weight_e, probability, exc);
    new SparseConnection(e, i, weight_e, probability, exc);
    new SparseConnection(i, e, weight_i, probability, inh);
    new SparseConnection(i, i, weight_i, probability, inh);
}

static TIFGroup *coba(NeuronID n)
{
    TIFGroup *group = new TIFGroup(n);
    group->set_refractory_period(5e-3);
    group->set_state("bg_current", 2e-2); /* 200 pA */
    for (NeuronID i = 0; i < n; i++)
        group->mem->set(i, -60e-3 + 10e-3 * (i % 997) / 997.0);
    return group;
}

static IafPscDeltaGroup *brunel(NeuronID n)
{
    IafPscDeltaGroup *group = new IafPscDeltaGroup(n);
    group->set_tau_mem(20e-3);
    group->set_tau_ref(2e-3);
    group->e_rest = 0.0;
    group->e_reset = 10e-3;
    group->thr = 20e-3;
    group->set_delay(15);
    new PoissonStimulator(group, 20e3, 0.1e-3);
    return group;
}

int main(int n_arguments, char **arguments)
{
    const std::string name = n_arguments > 1 ? arguments[1] : "";
    const double simulated_s = n_arguments > 2 ? std::atof(arguments[2]) * 1e-3 : 1.0, before_s = 0.3;
    const double began = cpu_s();
    auryn_init(n_arguments, arguments, "/tmp", "snn_auryn", "", NONE);
    sys->quiet = true;
    NeuronGroup *e, *i;
    if (name == "coba") {
        e = coba(3200), i = coba(800);
        connect(e, i, 0.02, 0.4, 5.1, GLUT, GABA); /* of the leak, 10 nS */
    } else if (name == "brunel") {
        e = brunel(10000), i = brunel(2500);
        connect(e, i, 0.1, 0.1e-3, -0.5e-3, MEM, MEM);
    } else {
        std::fprintf(stderr, "cases: coba, brunel\n");
        return 1;
    }
    const double built = cpu_s();
    sys->run(before_s, false);
    SpikeCounter *spikes_e = new SpikeCounter(e), *spikes_i = new SpikeCounter(i); /* freed by auryn_free */
    const double start = cpu_s();
    sys->run(simulated_s);
    const double cost = (cpu_s() - start) / simulated_s;
    std::printf("%.6g,%.4g,%.4g\n", cost, (spikes_e->count + spikes_i->count) / (e->get_size() + i->get_size()) / simulated_s,
                built - began);
    auryn_free();
    return 0;
}
