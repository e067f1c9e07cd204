"""A case of snn_cases.py in Brian 2, C++ standalone, one thread. Prints CPU seconds per simulated second, the mean rate.
The compiled program is kept in TMPDIR and run again in the next turn.

    snn_brian2.py CASE SIMULATED_MS
"""
import os
import subprocess
import sys
import tempfile

import brian2 as b2
import numpy
from brian2 import Hz, NeuronGroup, PoissonInput, SpikeMonitor, Synapses, device, ms

import snn_cases

N_BEFORE_MS = 300.0
START_CLOCK = "const clock_t bench_start = clock();"
STOP_CLOCK = """std::ofstream("bench") << double(clock() - bench_start) / CLOCKS_PER_SEC << " " << SPIKES;"""


def lif_cond(count, rng):
    g = NeuronGroup(count, """dv/dt = (10 * (-60 - v) + 200 + ge * (0 - v) + gi * (-80 - v)) / 200 / ms : 1 (unless refractory)
                              dge/dt = -ge / (5 * ms) : 1
                              dgi/dt = -gi / (10 * ms) : 1""",
                    threshold="v > -50", reset="v = -60", refractory=5 * ms, method="exponential_euler")
    g.v = rng.uniform(-60.0, -50.0, count)
    return g, "ge", "gi"


def lif_current(count, rng):
    g = NeuronGroup(count, """dv/dt = ((-49 - v) + (ie + ii) / 10) / (20 * ms) : 1 (unless refractory)
                              die/dt = -ie / (5 * ms) : 1
                              dii/dt = -ii / (10 * ms) : 1""",
                    threshold="v > -50", reset="v = -60", refractory=5 * ms, method="exact")
    g.v = rng.uniform(-60.0, -50.0, count)
    return g, "ie", "ii"


def lif_delta(count, rng):
    return NeuronGroup(count, "dv/dt = -v / (20 * ms) : 1 (unless refractory)", threshold="v > 20", reset="v = 10",
                       refractory=2 * ms, method="exact"), "v", "v"


def izhikevich(count, rng, is_e, published):
    """Arrivals wait in `arrived` for the step of the neuron."""
    slope = "0.04 * v * v + 5 * v + 140 - u"
    g = NeuronGroup(count, "v : 1\nu : 1\narrived : 1\na : 1 (constant)\nb : 1 (constant)\nc : 1 (constant)\nd : 1 (constant)",
                    threshold="v >= 30", reset="v = c; u += d")
    g.run_regularly(f"v += 0.5 * ({slope} + arrived)\nv += 0.5 * ({slope} + arrived)\nu += a * (b * v - u)\narrived = 0"
                    if published else
                    f"before = v\nv += 0.1 * ({slope}) + arrived\nu += 0.1 * a * (b * before - u)\narrived = 0", when="groups")
    g.v, g.u = -65.0, -13.0
    g.a = 0.02 if is_e else rng.uniform(0.02, 0.1, count)
    g.b = 0.2 if is_e else rng.uniform(0.2, 0.25, count)
    g.c = rng.uniform(-65.0, -50.0, count) if is_e else -65.0
    g.d = rng.uniform(2.0, 8.0, count) if is_e else 2.0
    return g, "arrived", "arrived"


def connect(projection, groups, counts, rng):
    source, target, inputs, weight, delay = projection
    group, exc, inh = groups[target]
    channel = exc if source == "E" else inh
    if channel == "gi":
        weight = abs(weight)
    is_drawn = isinstance(weight, tuple)
    s = Synapses(groups[source][0], group, "w : 1 (constant)" if is_drawn else "",
                 on_pre=f"{channel}_post += {'w' if is_drawn else weight}")
    n = inputs * counts[target]
    s.connect(i=rng.integers(0, counts[source], n), j=numpy.repeat(numpy.arange(counts[target]), inputs))
    if is_drawn:
        s.w = rng.uniform(weight[1], weight[2], n)
    s.delay = delay * ms
    return s


def build(case, simulated_ms, folder):
    spec, rng = snn_cases.network(case), numpy.random.default_rng(1)
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.prefs.devices.cpp_standalone.openmp_threads = 0
    b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-O3", "-march=native", "-ffast-math", "-std=c++11", "-w"]
    b2.prefs.devices.cpp_standalone.extra_make_args_unix = []  # one compiler at a time
    b2.prefs.core.default_float_dtype = numpy.float32
    b2.seed(1)
    b2.defaultclock.dt = spec["dt"] * ms
    counts = dict(spec["populations"])
    make = {"coba": lif_cond, "cuba": lif_current, "brunel": lif_delta}.get(case)
    groups = {p: make(n, rng) if make else izhikevich(n, rng, p == "E", spec["dt"] == 1.0) for p, n in counts.items()}
    parts = [g for g, _, _ in groups.values()] + [connect(p, groups, counts, rng) for p in spec["projections"]]
    if case == "brunel":
        parts += [PoissonInput(g, "v", 1000, spec["poisson_Hz"] / 1000.0 * Hz, 0.1) for g, _, _ in groups.values()]
    elif "poisson_Hz" in spec:
        parts += [PoissonInput(g, "arrived", 100, spec["poisson_Hz"][p] / 100.0 * Hz, spec["jump"])
                  for p, (g, _, _) in groups.items()]
    network = b2.Network(*parts)
    network.run(N_BEFORE_MS * ms)
    device.insert_code("main", START_CLOCK)
    monitors = [SpikeMonitor(g, record=False) for g, _, _ in groups.values()]
    network.add(*monitors)
    network.run(simulated_ms * ms)
    names = [f"_array_{m.name}_N[0]" for m in monitors]
    device.insert_code("main", STOP_CLOCK.replace("SPIKES", " + ".join(f"(double){name}" for name in names)))
    device.build(directory=folder, compile=True, run=False, debug=False, with_output=False)


def main():
    case, simulated_ms = sys.argv[1], float(sys.argv[2])
    folder = os.path.join(os.environ.get("TMPDIR", tempfile.gettempdir()), f"brian2-{case}")
    if not os.path.exists(os.path.join(folder, "main")):
        build(case, simulated_ms, folder)
    subprocess.run(["./main"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "bench"), encoding="ascii") as f:
        cpu_s, n_spikes = (float(x) for x in f.read().split())
    n_neurons = sum(n for _, n in snn_cases.network(case)["populations"])
    print(f"{cpu_s / simulated_ms * 1e3:.6g},{n_spikes / n_neurons / simulated_ms * 1e3:.4g},")


if __name__ == "__main__":
    main()
