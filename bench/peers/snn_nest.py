"""A case of snn_cases.py in NEST 3, one thread. Prints CPU seconds per simulated second and the mean rate.

    snn_nest.py CASE SIMULATED_MS

Neurons on the same grid: iaf_cond_exp, iaf_psc_exp, iaf_psc_delta, izhikevich. Equal weights stand once per projection
(static_synapse_hom_w), spikes are counted by the kernel, not recorded, and input from outside is as late as the fastest
synapse, so that NEST exchanges spikes as seldom as the network allows."""
import sys
import time

import nest
import numpy

import snn_cases

N_BEFORE_MS = 300.0
LIF = {"V_th": -50.0, "V_reset": -60.0, "t_ref": 5.0, "C_m": 200.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0}
NEURONS = {"coba": ("iaf_cond_exp", {**LIF, "E_L": -60.0, "g_L": 10.0, "E_ex": 0.0, "E_in": -80.0, "I_e": 200.0}),
           "cuba": ("iaf_psc_exp", {**LIF, "E_L": -49.0, "tau_m": 20.0}),
           "brunel": ("iaf_psc_delta", {"E_L": 0.0, "V_m": 0.0, "V_th": 20.0, "V_reset": 10.0, "tau_m": 20.0, "t_ref": 2.0, "C_m": 1.0}),
           "microcircuit": ("iaf_psc_exp", {"E_L": -65.0, "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0, "C_m": 250.0, "tau_m": 10.0,
                                            "tau_syn_ex": 0.5, "tau_syn_in": 0.5})}


def neurons(case, spec, name, count, rng):
    if not case.startswith("izhikevich"):
        model, params = NEURONS[case]
        params = dict(params)
        if case in ("coba", "cuba"):
            params["V_m"] = rng.uniform(-60.0, -50.0, count)
        if case == "microcircuit":
            k = snn_cases.LAYERS.index(name)
            params.update(V_m=rng.normal(*snn_cases.V_START[k], count), I_e=snn_cases.EXTERNAL[k] * 8.0 * 0.5e-3 * spec["weight"])
        return nest.Create(model, count, params)
    params = {"V_m": -65.0, "U_m": -13.0, "consistent_integration": spec["dt"] < 1.0}
    if name == "E":
        params.update(a=0.02, b=0.2, c=rng.uniform(-65.0, -50.0, count), d=rng.uniform(2.0, 8.0, count))
    else:
        params.update(a=rng.uniform(0.02, 0.1, count), b=rng.uniform(0.2, 0.25, count), c=-65.0, d=2.0)
    return nest.Create("izhikevich", count, params)


def drawn(value):
    """A number, or NEST's parameter for a distribution of snn_cases.py."""
    if not isinstance(value, tuple):
        return value
    if value[0] == "uniform":
        return nest.random.uniform(*value[1:])
    kind, mean, sd, low, high = (*value, *((0.0, 1e4) if value[1] > 0.0 else (-1e4, 0.0)))[:5]
    return nest.math.redraw(nest.random.normal(mean, sd), low, high)


def connect(case, groups, projection):
    source, target, inputs, weight, delay = projection
    rule = {"rule": "fixed_indegree", "indegree": inputs, "allow_autapses": True, "allow_multapses": True}
    if case == "coba" and source == "I":
        weight = -abs(weight)  # conductances of E_in come by negative weights
    if isinstance(weight, tuple):
        synapse = {"synapse_model": "static_synapse", "weight": drawn(weight), "delay": drawn(delay)}
    else:
        nest.CopyModel("static_synapse_hom_w", f"{source}_{target}", {"weight": weight})
        synapse = {"synapse_model": f"{source}_{target}", "delay": delay}
    nest.Connect(groups[source], groups[target], rule, synapse)


def main():
    case, simulated_ms = sys.argv[1], float(sys.argv[2])
    spec, rng = snn_cases.network(case), numpy.random.default_rng(1)
    began = time.process_time()
    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": spec["dt"], "rng_seed": 1, "local_num_threads": 1})
    groups = {name: neurons(case, spec, name, count, rng) for name, count in spec["populations"]}
    for projection in spec["projections"]:
        connect(case, groups, projection)
    if "poisson_Hz" in spec:
        rates = spec["poisson_Hz"] if isinstance(spec["poisson_Hz"], dict) else dict.fromkeys(groups, spec["poisson_Hz"])
        delay = spec["projections"][0][4]
        for name, group in groups.items():
            source = nest.Create("poisson_generator", params={"rate": rates[name]})
            nest.Connect(source, group, syn_spec={"weight": spec.get("jump", 0.1), "delay": delay})
    nest.Prepare()
    built = time.process_time()
    nest.Run(N_BEFORE_MS)
    start = time.process_time()
    nest.Run(simulated_ms)
    cost = (time.process_time() - start) / simulated_ms * 1e3
    n_spikes = nest.GetKernelStatus("local_spike_counter")  # of this Run
    n_neurons = sum(count for _, count in spec["populations"])
    print(f"{cost:.6g},{n_spikes / n_neurons / simulated_ms * 1e3:.4g},{built - began:.4g}")


if __name__ == "__main__":
    main()
