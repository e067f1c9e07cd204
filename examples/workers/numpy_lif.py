#!/usr/bin/python3
"""A population of leaky integrate-and-fire neurons in NumPy, exact on its grid, as a worker (docs/foreign-simulators.md):

    callosum run examples/workers/experiment.yaml --listen 'ipc://*'
    python3 examples/workers/numpy_lif.py ENDPOINT

It reads the population, its parameters and its Poisson input from the region of the experiment; its random numbers are a function
of key, step and use, so that a state is three arrays and a lost worker is made good bit for bit."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
import callosum_worker  # noqa: E402


class NumpyLif(callosum_worker.Base):
    model = "numpy-lif"
    inputs, outputs = {"poisson.*": "Hz"}, {"rate.*": "Hz"}
    deterministic = True

    def build(self, config):
        network = config.network
        network.need_only("poissons")
        self.n, p = network.neurons(0, "lif", callosum_worker.LIF)
        drives = network.poisson_into("excitatory")
        self.config, self.drives = config, drives
        self.dt_s = 1e-9 * config.step_ns
        dt, tau, tau_s = 1e3 * self.dt_s, p["tau_m"], p["tau_exc"]
        self.keep, self.keep_current = np.exp(-dt / tau), np.exp(-dt / tau_s)
        if abs(tau - tau_s) < 1e-6 * tau:
            self.per_current = dt * self.keep / p["C_m"]
        else:
            self.per_current = tau * tau_s / (tau - tau_s) * (self.keep - self.keep_current) / p["C_m"]
        self.constant = p["I_e"] * tau / p["C_m"] * (1.0 - self.keep)
        self.threshold, self.reset = p["V_th"] - p["E_L"], p["V_reset"] - p["E_L"]
        self.refractory = round(p["t_ref"] / dt)
        self.u, self.current, self.wait = np.zeros(self.n), np.zeros(self.n), np.zeros(self.n)
        return {"neurons": self.n}

    def step(self, t0, t1, inputs):
        counts = [self.advance(t // self.config.step_ns, inputs, t - t0) for t in range(t0, t1, self.config.step_ns)]
        out = {}
        for name, port in self.config.outputs.items():
            bins = np.reshape(counts, (port.samples, -1))  # a bin is one step or several
            out[name] = bins.mean(axis=1)[np.newaxis] / (self.n * self.dt_s)
        return out

    def advance(self, step, inputs, since_t0):
        """One step: the voltage moves with the current of its begin, then the current decays and takes what arrives."""
        u = self.u * self.keep + self.current * self.per_current + self.constant
        u = np.where(self.wait > 0, self.u, u)
        self.current *= self.keep_current
        for use, drive in enumerate(self.drives):
            rate = drive.get("rate_Hz", 0.0)
            if "name" in drive:  # a port: the host gives the rate
                port = self.config.inputs[drive["name"]]
                rate = inputs[port.name][0, since_t0 * port.samples // self.config.window_ns]
            mean = rate * self.dt_s * drive.get("n_trains", 0.0)
            self.current += drive.get("weight", 0.0) * self.config.random(step, use).poisson(mean, self.n)
        spikes = u >= self.threshold
        self.u = np.where(spikes, self.reset, u)
        self.wait = np.where(spikes, self.refractory, np.maximum(self.wait - 1, 0))
        return np.count_nonzero(spikes)

    def snapshot(self):
        return np.stack([self.u, self.current, self.wait]).astype("<f8").tobytes()

    def restore(self, state):
        self.u, self.current, self.wait = np.frombuffer(state, "<f8").reshape(3, self.n).copy()


if __name__ == "__main__":
    callosum_worker.serve(NumpyLif)
