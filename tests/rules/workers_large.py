#!/usr/bin/python3
"""Ten million synapses one by one from a file, 240 MB: the region runs in a worker, with the bytes of the run in process. argv: source
folder, build folder; 77 without numpy."""
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

program = pathlib.Path(sys.argv[2]) / "bin/callosum"
NEURONS, SYNAPSES = 20000, 10_000_000
EXPERIMENT = """
callosum: 1
run: {duration: 20 ms, seed: 5}
connectome: {generate: {regions: 6, seed: 1}, speed: 8 mm/ms}
coupling: {gain: 0.5, min_delay: 4 ms, a: 10 ms}
models: {field: {neural_mass: mpr, parameters: {tau: 10 ms}}}
regions:
  default: field
  "#1":
    spiking:
      step: 0.1 ms
      populations: {E: {neuron: lif, count: 20000, parameters: {I_e: "uniform(300 pA, 600 pA)"}}}
      connections: [{from: E, to: E, file: synapses.npz, receptor: excitatory}]
      receives: [{by: poisson, into: E.excitatory, synapses: 100, weight: 20 pA}]
      gives: [{by: rate-exp, from: E}]
record:
  signals: [{what: rate, every: 1 ms}, {what: spikes, of: "#1"}]
"""


def run(folder, name, *more):
    done = subprocess.run([program, "run", folder / "experiment.yaml", "--out", folder / name, "--threads", "1", *more],
                          capture_output=True, text=True, timeout=500)
    if done.returncode != 0:
        print(f"{name}: exit {done.returncode}\n{done.stderr}")
    return done.returncode == 0


with tempfile.TemporaryDirectory(prefix="callosum-large-") as name:
    folder = pathlib.Path(name)
    if os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") < 4 << 30:
        print("skipped: less than 4 GB of memory")
        sys.exit(77)
    number, source = np.divmod(np.arange(SYNAPSES), NEURONS)  # each pair once
    random = np.random.default_rng(1)
    np.savez(folder / "synapses.npz", source=source.astype(np.uint32), target=((source + 1 + 37 * number) % NEURONS).astype(np.uint32),
             weight=random.uniform(0.1, 0.5, SYNAPSES), delay=0.1 * random.integers(10, 40, SYNAPSES))
    (folder / "experiment.yaml").write_text(EXPERIMENT)
    refused = subprocess.run([program, "run", folder / "experiment.yaml", "--out", folder / "refused", "--slot", "all=local",
                              "--largest-model", "200 MB"], capture_output=True, text=True, timeout=500)
    is_right = refused.returncode == 2 and "0.24 GB, and at most 0.2 GB" in refused.stderr
    if not is_right:
        print(f"a limit of 200 MB: exit {refused.returncode} {refused.stderr}")
    is_right &= run(folder, "here") and run(folder, "there", "--slot", "all=local")
    if is_right and (folder / "here/run.h5").read_bytes() != (folder / "there/run.h5").read_bytes():
        print("run.h5 differs between here and there")
        is_right = False
sys.exit(0 if is_right else 1)
