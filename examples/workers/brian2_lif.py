#!/usr/bin/python3
"""A population of leaky integrate-and-fire neurons in Brian2 as a worker (docs/foreign-simulators.md): the same as numpy_lif.py.

    callosum run examples/workers/experiment.yaml --set regions."L.region_01".spiking.simulator.model=brian2-lif --listen 'ipc://*'
    python3 examples/workers/brian2_lif.py ENDPOINT

Each window is a run of Brian2's Network that begins with a seed of its own, so that a state is voltages, currents and the times of
the last spikes."""
import pathlib
import sys

import brian2 as b2
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
import callosum_worker  # noqa: E402

EQUATIONS = """dV/dt = (E_L - V) / tau_m + (I_exc + I_e) / C_m : volt (unless refractory)
               dI_exc/dt = -I_exc / tau_exc : amp"""
UNITS = {"C_m": b2.pF, "tau_m": b2.ms, "tau_exc": b2.ms, "t_ref": b2.ms, "I_e": b2.pA}  # all others are in mV


class Brian2Lif(callosum_worker.Base):
    model = "brian2-lif"
    inputs, outputs = {"poisson.*": "Hz"}, {"rate.*": "Hz"}
    deterministic = True

    def build(self, config):
        b2.prefs.codegen.target = config.text("target", "numpy")  # cython: faster steps after minutes of compiling
        network = config.network
        network.need_only("poissons")
        self.n, p = network.neurons(0, "lif", callosum_worker.LIF)
        drives = network.poisson_into("excitatory")
        self.config, self.dt = config, config.step_ns * b2.nsecond
        self.names = {name: value * UNITS.get(name, b2.mV) for name, value in p.items()}
        self.neurons = b2.NeuronGroup(self.n, EQUATIONS, "exact", threshold="V >= V_th", reset="V = V_reset",
                                      refractory=self.names["t_ref"], dt=self.dt)
        self.neurons.V = self.names["E_L"]
        for i, drive in enumerate(drives):  # arrivals act at the end of a step
            self.neurons.run_regularly(f"I_exc += weight{i} * poisson(mean{i}(t - begin))", when="end", dt=self.dt)
            self.names[f"weight{i}"] = drive.get("weight", 0.0) * b2.pA
        self.drives, self.spikes = drives, b2.SpikeMonitor(self.neurons)
        self.network = b2.Network(self.neurons, self.spikes)
        return {"neurons": self.n}

    def step(self, t0, t1, inputs):
        b2.seed(int(self.config.random(t0 // self.config.step_ns).integers(2**32)))
        window, names = (t1 - t0) * b2.nsecond, dict(self.names, begin=t0 * b2.nsecond)
        for i, drive in enumerate(self.drives):
            rates = inputs[drive["name"]][0] if "name" in drive else np.array([drive.get("rate_Hz", 0.0)])
            means = rates * drive.get("n_trains", 0.0) * float(self.dt)
            names[f"mean{i}"] = b2.TimedArray(means, dt=window / len(rates))
        self.network.t_ = 1e-9 * t0
        self.spikes.resize(0)
        self.network.run(window, namespace=names)
        steps = np.rint((self.spikes.t - names["begin"]) / self.dt)
        out = {}
        for name, port in self.config.outputs.items():
            counts = np.histogram(steps, port.samples, (0, window / self.dt))[0]
            out[name] = counts[np.newaxis] / (self.n * float(window) / port.samples)
        return out

    def snapshot(self):
        g = self.neurons
        return np.stack([g.V_[:], g.I_exc_[:], g.lastspike_[:] - 1e-9 * self.config.time_ns]).astype("<f8").tobytes()

    def restore(self, state):
        g = self.neurons
        g.V_[:], g.I_exc_[:], since = np.frombuffer(state, "<f8").reshape(3, self.n)
        g.lastspike_[:] = since + 1e-9 * self.config.time_ns


if __name__ == "__main__":
    callosum_worker.serve(Brian2Lif)
