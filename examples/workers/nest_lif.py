#!/usr/bin/python3
"""A population of leaky integrate-and-fire neurons in NEST (run with 3.10) as a worker (docs/foreign-simulators.md): the same as
numpy_lif.py.

    callosum run examples/workers/experiment.yaml --set 'regions.#1.spiking.simulator.model=nest-lif' --listen 'ipc://*'
    python3 examples/workers/nest_lif.py ENDPOINT

NEST cannot save a state, so the worker has no snapshots: a lost one is replayed from the begin, on as many threads as before."""
import pathlib
import sys

import nest
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
import callosum_worker  # noqa: E402


class NestLif(callosum_worker.Base):
    model = "nest-lif"
    inputs, outputs = {"poisson.*": "Hz"}, {"rate.*": "Hz"}
    deterministic = True

    def build(self, config):
        network = config.network
        network.need_only("poissons")
        self.n, p = network.neurons(0, "lif", callosum_worker.LIF)
        drives = network.poisson_into("excitatory")
        self.config, self.dt_ms = config, 1e-6 * config.step_ns
        nest.set_verbosity("M_ERROR")
        nest.ResetKernel()
        nest.SetKernelStatus({"tics_per_ms": 10**6, "resolution": self.dt_ms})  # a tic is 1 ns, as here
        nest.SetKernelStatus({"rng_seed": 1 + config.seed % (2**32 - 2)})
        p["tau_syn_ex"] = p.pop("tau_exc")
        neurons = nest.Create("iaf_psc_exp", self.n, dict(p, V_m=p["E_L"]))
        self.drives = []
        for drive in drives:
            source = nest.Create("inhomogeneous_poisson_generator")
            synapse = {"weight": drive.get("weight", 0.0), "delay": self.dt_ms}
            nest.Connect(source, neurons, syn_spec=synapse)  # every neuron gets a train of its own
            self.drives.append((drive, source))
        self.spikes = nest.Create("spike_recorder")
        nest.Connect(neurons, self.spikes)
        return {"neurons": self.n}

    def step(self, t0, t1, inputs):
        window_ms = 1e-6 * (t1 - t0)
        for drive, source in self.drives:
            rates = inputs[drive["name"]][0] if "name" in drive else np.array([drive.get("rate_Hz", 0.0)])
            first = (t0 + np.arange(len(rates)) * (t1 - t0) // len(rates)) // self.config.step_ns + 1  # steps that the bins begin with
            times = np.round(first * self.dt_ms, 6)
            source.set(rate_times=times.tolist(), rate_values=(rates * drive.get("n_trains", 0.0)).tolist())
        self.spikes.set(n_events=0)
        nest.Simulate(window_ms)
        after_ms = np.asarray(self.spikes.events["times"]) - 1e-6 * t0  # in (0, window]
        out = {}
        for name, port in self.config.outputs.items():
            bin_ms = window_ms / port.samples
            bins = np.rint(after_ms / self.dt_ms).astype(int) - 1
            counts = np.bincount(bins // round(bin_ms / self.dt_ms), minlength=port.samples)
            out[name] = counts[np.newaxis] / (self.n * 1e-3 * bin_ms)
        return out


if __name__ == "__main__":
    callosum_worker.serve(NestLif)
