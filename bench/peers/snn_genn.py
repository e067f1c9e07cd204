"""A case of snn_cases.py in GeNN 5, single-threaded CPU backend: sparse connectivity, narrow indices, fused postsynaptic
models, single precision. Prints CPU seconds per simulated second and the mean rate.

    snn_genn.py CASE SIMULATED_MS [FACTOR OF THE POISSON INPUT]
"""
import math
import os
import sys
import tempfile
import time

import numpy
import pygenn

import snn_cases

LIF_DELTA = pygenn.create_neuron_model(
    "lif_delta", params=["decay", "reset", "threshold", "refractory", "none", "jump"], vars=[("V", "scalar"), ("left", "scalar")],
    sim_code="""
        scalar product = gennrand_uniform();
        scalar arrivals = 0.0;
        while (product > none) { product *= gennrand_uniform(); arrivals += 1.0; }
        if (left > 0.0) { left -= 1.0; }
        else { V = V * decay + Isyn + jump * arrivals; }""",
    threshold_condition_code="V >= threshold && left <= 0.0", reset_code="V = reset; left = refractory;")
IZHIKEVICH = {
    published: pygenn.create_neuron_model(
        "izhikevich_published" if published else "izhikevich_euler", params=["none", "jump"],
        vars=[(name, "scalar") for name in "VUabcd"],
        sim_code="""
        scalar product = gennrand_uniform();
        scalar arrivals = 0.0;
        while (product > none) { product *= gennrand_uniform(); arrivals += 1.0; }
        const scalar input = Isyn + jump * arrivals;
        """ + ("""
        V += 0.5 * (0.04 * V * V + 5.0 * V + 140.0 - U + input) * dt;
        V += 0.5 * (0.04 * V * V + 5.0 * V + 140.0 - U + input) * dt;
        U += a * (b * V - U) * dt;""" if published else """
        const scalar before = V;
        V += (0.04 * V * V + 5.0 * V + 140.0 - U) * dt + input;
        U += a * (b * before - U) * dt;"""),
        threshold_condition_code="V >= 30.0", reset_code="V = c; U += d;")
    for published in (True, False)}


def uniform(low, high):
    return pygenn.init_var("Uniform", {"min": low, "max": high})


def add_neurons(model, case, name, pop, count, factor, spec):
    dt = spec["dt"]
    if case in ("coba", "cuba"):
        rest, offset = (-60.0, 200.0) if case == "coba" else (-49.0, 0.0)
        params = {"C": 0.2, "TauM": 20.0, "Vrest": rest, "Vreset": -60.0, "Vthresh": -50.0, "Ioffset": offset * 1e-3, "TauRefrac": 5.0}
        return model.add_neuron_population(pop, count, "LIF", params, {"V": uniform(-60.0, -50.0), "RefracTime": 0.0})
    if case == "brunel":
        params = {"decay": math.exp(-dt / 20.0), "reset": 10.0, "threshold": 20.0, "refractory": 20.0, "jump": 0.1,
                  "none": math.exp(-spec["poisson_Hz"] * factor * dt * 1e-3)}
        return model.add_neuron_population(pop, count, LIF_DELTA, params, {"V": 0.0, "left": 0.0})
    if case == "microcircuit":
        k = snn_cases.LAYERS.index(pop)
        mean, sd = snn_cases.V_START[k]
        current = snn_cases.EXTERNAL[k] * 8.0 * 0.5e-3 * spec["weight"] * 1e-3
        params = {"C": 0.25, "TauM": 10.0, "Vrest": -65.0, "Vreset": -65.0, "Vthresh": -50.0, "Ioffset": current, "TauRefrac": 2.0}
        return model.add_neuron_population(pop, count, "LIF", params,
                                           {"V": pygenn.init_var("Normal", {"mean": mean, "sd": sd}), "RefracTime": 0.0})
    params = {"none": math.exp(-spec["poisson_Hz"][pop] * dt * 1e-3), "jump": spec["jump"]}
    start = {"V": -65.0, "U": -13.0, "a": 0.02, "b": 0.2, "c": uniform(-65.0, -50.0), "d": uniform(2.0, 8.0)} if pop == "E" else \
            {"V": -65.0, "U": -13.0, "a": uniform(0.02, 0.1), "b": uniform(0.2, 0.25), "c": -65.0, "d": 2.0}
    return model.add_neuron_population(pop, count, IZHIKEVICH[dt == 1.0], params, start)


def receptor(case, source, target):
    excites = source.name.endswith("E")
    if case == "coba":
        return pygenn.init_postsynaptic("ExpCond", {"tau": 5.0 if excites else 10.0, "E": 0.0 if excites else -80.0},
                                        var_refs={"V": pygenn.create_var_ref(target, "V")})
    if case in ("cuba", "microcircuit"):
        return pygenn.init_postsynaptic("ExpCurr", {"tau": 0.5 if case == "microcircuit" else 5.0 if excites else 10.0})
    return pygenn.init_postsynaptic("DeltaCurr")


def add_synapses(model, case, populations, dt, projection):
    source, target, inputs, weight, delay = projection
    source, target = populations[source], populations[target]
    scale = 1e-3 if case in ("coba", "cuba", "microcircuit") else 1.0  # GeNN: nA, uS, nF
    if case == "microcircuit":
        low, high = (0.0, 1e3) if weight[1] > 0.0 else (-1e3, 0.0)
        update = pygenn.init_weight_update("StaticPulseDendriticDelay", {}, {
            "g": pygenn.init_var("NormalClipped", {"mean": weight[1] * scale, "sd": weight[2] * scale, "min": low, "max": high}),
            "d": pygenn.init_var("NormalClippedDelay", {"mean": delay[1], "sd": delay[2], "min": delay[3], "max": delay[4]})})
    elif isinstance(weight, tuple):
        update = pygenn.init_weight_update("StaticPulse", {}, {"g": uniform(weight[1], weight[2])})
    else:
        update = pygenn.init_weight_update("StaticPulseConstantWeight", {"g": weight * scale})
    group = model.add_synapse_population(
        f"{source.name}_{target.name}", "SPARSE", source, target, update, receptor(case, source, target),
        pygenn.init_sparse_connectivity("FixedNumberPreWithReplacement", {"num": inputs}))
    if case == "microcircuit":
        group.max_dendritic_delay_timesteps = 64
    elif delay > dt:
        group.axonal_delay_steps = round(delay / dt) - 1  # a spike acts in the step after even without a delay


def main():
    case, simulated_ms = sys.argv[1], float(sys.argv[2])
    factor = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    spec = snn_cases.network(case)
    if case.startswith("izhikevich"):
        spec["poisson_Hz"] = {k: v * factor for k, v in spec["poisson_Hz"].items()}
    os.environ["CXX"] = "g++ -march=native"  # with -O3 -ffast-math of optimize_code
    os.chdir(tempfile.mkdtemp(dir=os.environ.get("TMPDIR")))
    began = time.process_time()
    model = pygenn.GeNNModel("float", case.replace("-", "_"), backend="single_threaded_cpu", optimize_code=True)
    model.dt = spec["dt"]
    model.seed = 1
    model.fuse_postsynaptic_models = True
    model.default_narrow_sparse_ind_enabled = True
    populations = {}
    for pop, count in spec["populations"]:
        populations[pop] = add_neurons(model, case, pop, pop, count, factor, spec)
        populations[pop].spike_recording_enabled = True
    for projection in spec["projections"]:
        add_synapses(model, case, populations, spec["dt"], projection)
    n_before, n_steps = round(300.0 / spec["dt"]), round(simulated_ms / spec["dt"])
    model.build()
    model.load(num_recording_timesteps=n_before + n_steps)
    built = time.process_time()
    for _ in range(n_before):
        model.step_time()
    start = time.process_time()
    for _ in range(n_steps):
        model.step_time()
    cost = (time.process_time() - start) / simulated_ms * 1e3
    model.pull_recording_buffers_from_device()
    n_spikes = sum(int(numpy.sum(p.spike_recording_data[0][0] > n_before * spec["dt"])) for p in populations.values())
    n_neurons = sum(count for _, count in spec["populations"])
    print(f"{cost:.6g},{n_spikes / n_neurons / simulated_ms * 1e3:.4g},{built - began:.4g}")


if __name__ == "__main__":
    main()
