#!/usr/bin/env python3
"""Other simulators of neural masses and callosum on the same connectomes, turn by turn on one core.

    bench/peers/nmm.py [--fast-tvb FOLDER] [--tvb FOLDER] [--data FOLDER] [--repeats N]

FOLDER of --fast-tvb holds tvbii_multicore.c (github.com/BrainModes/fast_tvb; needs libgsl-dev), that of --tvb the
package tvb (github.com/the-virtual-brain/tvb-root, tvb_library; needs its Python packages). Neither is part of this
project. Work of each: CPU seconds per simulated second at a step of 0.1 ms, delays on at 3 mm/ms, output every 1 ms
(Fast_TVB: its BOLD signal, and it draws noise whether asked to or not), set-up left out by the difference of two lengths
of run. Prints CSV: the median over turns, and the ratio of medians."""
import argparse
import csv
import gzip
import io
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONNECTOMES = {
    "76": ("tvb/connectivity_76.zip", None),
    "379": ("fast_tvb/gavg_SC_weights.txt.gz", "fast_tvb/gavg_SC_distances.txt.gz"),
    "998": ("tvb/connectivity_998.zip", None),
    "1000": ("tvbo/schaefer1000_MghUscHcp32_weights.csv.gz", "tvbo/schaefer1000_MghUscHcp32_lengths.csv.gz"),
}
SPANS_MS = {"76": (1000, 11000), "379": (200, 1200), "998": (200, 1200), "1000": (200, 1000)}


def read_matrix(data):
    rows = [re.split(r"[,\s]+", line.strip()) for line in data.decode().splitlines() if line.strip()]
    return [[float(x) for x in row] for row in rows]


def load(folder, name):
    weights, lengths = CONNECTOMES[name]
    if lengths is None:
        with zipfile.ZipFile(folder / weights) as z:
            member = {pathlib.PurePath(n).name: n for n in z.namelist()}
            w, l = read_matrix(z.read(member["weights.txt"])), read_matrix(z.read(member["tract_lengths.txt"]))
    else:
        w, l = (read_matrix(gzip.open(folder / p).read()) for p in (weights, lengths))
    mean = sum(map(sum, w)) / len(w)
    return [[x / mean for x in row] for row in w], l


def user_s(command, **kwargs):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **kwargs)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class FastTvb:
    """Fast_TVB: one model (reduced Wong-Wang with inhibition), Euler-Maruyama, float. A region without input ends it:
    such a region gets one edge of weight 1e-9."""
    name, methods = "Fast_TVB", {"euler-held": ("reduced-wong-wang-exc-inh",)}

    def __init__(self, folder, scratch):
        self.folder = scratch / "fast_tvb"
        (self.folder / "input").mkdir(parents=True)
        (self.folder / "output").mkdir()
        source = next(pathlib.Path(folder).rglob("tvbii_multicore.c")).read_text()
        (self.folder / "tvb.c").write_text(source.replace('"/input/', '"input/').replace('"/output/', '"output/'))
        flags = "-std=c99 -w -O3 -msse2 -ftree-vectorize -ffast-math -funroll-loops -fomit-frame-pointer -m64".split()
        subprocess.run(["gcc", *flags, "tvb.c", "-o", "tvb", "-lgsl", "-lgslcblas", "-lm", "-lpthread"], check=True,
                       cwd=self.folder)

    def prepare(self, name, w, l):
        self.n = len(w)
        for i, row in enumerate(w):
            if not any(row):
                row[(i + 1) % self.n] = 1e-9
        for what, matrix in (("weights", w), ("distances", l)):
            text = "\n".join(" ".join(f"{x:.9g}" for x in row) for row in matrix) + "\n"
            (self.folder / "input" / f"brain_SC_{what}.txt").write_text(text)

    def cost(self, name, model, method):
        times = []
        for span in SPANS_MS[name]:
            (self.folder / "input" / "p").write_text(f"{self.n} 0.1 0.15 1.4 1.0 0.0 {span} 720 3.0 1\n")
            times.append(user_s(["./tvb", "p", "brain", "1"], cwd=self.folder))
        return (times[1] - times[0]) / (SPANS_MS[name][1] - SPANS_MS[name][0]) * 1e3


TVB_SCRIPT = """
import sys, time, numpy as np
from tvb.simulator.lab import *
from tvb.simulator.models.wong_wang_exc_inh import ReducedWongWangExcInh
w, l = np.load(sys.argv[1]), np.load(sys.argv[2])
n = len(w)
brain = connectivity.Connectivity(weights=w, tract_lengths=l, centres=np.zeros((n, 3)),
                                  region_labels=np.array([str(i) for i in range(n)]), speed=np.array([3.0]))
model = {"reduced-wong-wang-exc-inh": ReducedWongWangExcInh, "jansen-rit": models.JansenRit,
         "mpr": models.MontbrioPazoRoxin, "generic-2d-oscillator": models.Generic2dOscillator}[sys.argv[3]]()
how = {"euler-held": integrators.EulerDeterministic, "heun-held": integrators.HeunDeterministic}[sys.argv[4]](dt=0.1)
law = coupling.SigmoidalJansenRit() if sys.argv[3] == "jansen-rit" else coupling.Linear(a=np.array([0.1]))
sim = simulator.Simulator(model=model, connectivity=brain, coupling=law, integrator=how,
                          monitors=(monitors.SubSample(period=1.0),)).configure()
sim.run(simulation_length=20.0)
start = time.process_time()
sim.run(simulation_length=float(sys.argv[5]))
print((time.process_time() - start) / float(sys.argv[5]) * 1e3)
"""


class Tvb:
    """The Virtual Brain's library, NumPy and Numba, one thread."""
    name = "TVB"
    methods = {"heun-held": ("reduced-wong-wang-exc-inh", "mpr", "generic-2d-oscillator", "jansen-rit")}

    def __init__(self, folder, scratch):
        self.scratch = scratch
        self.script = scratch / "tvb_run.py"
        self.script.write_text(TVB_SCRIPT)
        threads = {f"{k}_NUM_THREADS": "1" for k in ("OMP", "MKL", "OPENBLAS", "NUMBA", "NUMEXPR")}
        self.env = {**os.environ, **threads, "PYTHONPATH": str(next(pathlib.Path(folder).rglob("tvb/simulator")).parents[1])}

    def prepare(self, name, w, l):
        import numpy
        numpy.save(self.scratch / "w.npy", numpy.array(w))
        numpy.save(self.scratch / "l.npy", numpy.array(l))

    def cost(self, name, model, method):
        out = subprocess.run([sys.executable, "-W", "ignore", str(self.script), str(self.scratch / "w.npy"),
                              str(self.scratch / "l.npy"), model, method, "1000" if name == "76" else "100"],
                             check=True, capture_output=True, text=True, env=self.env)
        return float(out.stdout.split()[-1])


def ours(name, model, method, data):
    out = subprocess.run([ROOT / "build/bin/bench_nmm", "3", f"run {name} ", f"{model} {method} 0.1"], check=True,
                         capture_output=True, text=True, env={**os.environ, "CALLOSUM_SHARED": str(data.parents[1])})
    rows = list(csv.DictReader(io.StringIO(out.stdout)))
    return float(rows[0]["cpu_s_per_s"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast-tvb")
    parser.add_argument("--tvb")
    parser.add_argument("--data", default=str(ROOT.parent / "shared/data/connectomes"))
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    data = pathlib.Path(args.data).resolve()
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        peers = [kind(path, scratch) for kind, path in ((FastTvb, args.fast_tvb), (Tvb, args.tvb)) if path]
        print("connectome,peer,model,method,peer_cpu_s_per_s,callosum_same_method,ratio,callosum_rk4,ratio_rk4")
        for name in CONNECTOMES:
            for peer in peers:
                w, l = load(data, name)
                peer.prepare(name, w, l)
                for method, models in peer.methods.items():
                    for model in models:
                        turns = [(peer.cost(name, model, method), ours(name, model, method, data),
                                  ours(name, model, "rk4", data)) for _ in range(args.repeats)]
                        theirs, held, rk4 = (statistics.median(t[i] for t in turns) for i in range(3))
                        print(f"{name},{peer.name},{model},{method},{theirs:.4g},{held:.4g},{theirs / held:.1f},"
                              f"{rk4:.4g},{theirs / rk4:.1f}", flush=True)


if __name__ == "__main__":
    main()
