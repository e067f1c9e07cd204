#!/usr/bin/python3
"""A region of a brain in another simulator: the workers of examples/workers give the rate that this program gives for the same
region, runs are repeated bit by bit although workers are killed (SIGKILL) on the way, over ipc and over tcp with keys, and what goes
wrong in a worker is told by the run. Takes SOURCE BUILD; 77 without python3-zmq, python3-msgpack or python3-h5py.
More words name the tests to run: rates, kills, keys, returns, faults, document."""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SOURCE, BUILD = (pathlib.Path(path) for path in sys.argv[1:3])
PROGRAM, WORKERS = BUILD / "bin/callosum", SOURCE / "examples/workers"
try:
    import h5py
    import msgpack  # noqa: F401
    import numpy as np
    import zmq  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)
if not PROGRAM.exists():
    print("skipped: the program is not built")
    sys.exit(77)
random.seed(4)
failures = []
LIMIT_S = 240  # of a run: nothing here may hang

# a worker that misbehaves in window 5
FAULTY = """
import sys
sys.path[:0] = [{python!r}]
import numpy as np
import callosum_worker
class Faulty(callosum_worker.Base):
    model, inputs, outputs = "numpy-lif", {{"*": "{unit}"}}, {{"*": "Hz"}}
    def build(self, config):
        self.rate = next(iter(config.outputs))
    def step(self, t0, t1, inputs):
        if t0 == 5 * (t1 - t0):
            {fault}
        return {{self.rate: 1.0}}
callosum_worker.serve(Faulty)
"""

# worker after worker, each of which draws from the seeds of its windows and dies in window `end`
DICE = """
import os, signal, sys
sys.path[:0] = [{python!r}]
import numpy as np
import callosum_worker
class Dice(callosum_worker.Base):
    model, inputs, outputs = "numpy-lif", {{"*": "Hz"}}, {{"*": "Hz"}}
    def build(self, config):
        self.outputs, self.n = config.outputs, 0
    def step(self, t0, t1, inputs):
        if self.n == end:
            os.kill(os.getpid(), signal.SIGKILL)
        seed = [seed for begin, seed in seeds if begin <= self.n][-1]
        values = np.random.default_rng([seed, self.n])
        self.n += 1
        return {{name: values.uniform(5.0, 50.0) for name in self.outputs}}
    if {has_state}:
        def snapshot(self):
            return self.n.to_bytes(8, "little")
        def restore(self, state):
            self.n = int.from_bytes(state, "little")
for seeds, end in {workers}:
    worker = os.fork()
    if worker == 0:
        callosum_worker.serve(Dice)
    status = os.waitpid(worker, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status))
"""


def check(is_true, what):
    if not is_true:
        print("FAILED:", what)
        failures.append(what)


class Run:
    """`callosum run` of the example in a thread of its own; workers attach to `endpoint`."""

    def __init__(self, folder, name, model, *options, listen="ipc://*", file=WORKERS / "experiment.yaml"):
        self.out = os.path.join(folder, name)
        self.folder, self.workers = folder, []
        self.environment = dict(os.environ, CALLOSUM_KEYS=os.path.join(folder, "keys"), PYTHONDONTWRITEBYTECODE="1")
        command = [PROGRAM, "run", file, "--out", self.out, *options]
        if model is not None:
            command += ["--set", f"regions.#1.spiking.simulator.model={model}", "--listen", listen]
        self.process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.said, self.key, self.endpoint = "", "", None
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        end = time.monotonic() + 30.0
        while "--listen" in command and self.endpoint is None and self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)

    def read(self):
        while text := self.process.stderr.read1(4096) if hasattr(self.process.stderr, "read1") else self.process.stderr.readline():
            self.said += text
            found = re.search(r"YOUR_WORKER.py (\S+)(?: --host-key '([^']+)')?", self.said)
            if found:
                self.endpoint, self.key = found[1], found[2] or ""

    def attach(self, file, *options):
        """A worker; its text goes to the file `worker.log` of the folder."""
        log = open(os.path.join(self.folder, "worker.log"), "a")
        worker = subprocess.Popen(["/usr/bin/python3", file, self.endpoint, "--name", "py1", "--once", *options], stdout=log,
                                  stderr=log, env=self.environment)
        log.close()
        self.workers.append(worker)
        return worker

    def end(self):
        """The exit status of the run."""
        try:
            status = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            check(False, f"the run ends within {LIMIT_S} s: {self.said}")
            status = -1
        self.reader.join(10.0)
        for worker in self.workers:
            try:
                worker.wait(60.0)
            except subprocess.TimeoutExpired:
                worker.terminate()
                check(False, "the worker ends after the run")
        return status


def data_of(folder):
    """Everything that run.h5 recorded, by name."""
    found = {}
    with h5py.File(os.path.join(folder, "run.h5")) as file:
        file.visititems(lambda name, item: found.update({name: item[...]}) if isinstance(item, h5py.Dataset) else None)
    return {name: x.tolist() if x.dtype == object else x.tobytes() for name, x in found.items()}


def rates_of(folder):
    with h5py.File(os.path.join(folder, "run.h5")) as file:
        regions = [label.decode() for label in file["region"][...]]
        return file["rate"][:, regions.index("L.region_01")]


def run_to_end(folder, name, model, file, *options):
    run = Run(folder, name, model, *options)
    if file is not None:
        run.attach(file)
    check(run.end() == 0, f"{name}: {run.said}")
    return run


def test_rates(folder):
    """The mean rate after 0.1 s. Trains of LIF neurons above threshold are more regular than Poisson trains of their rate, so that
    the difference of two means is at most sqrt(2 rate / (N T)) in standard deviation: 4 of these are the tolerance (1.9 % in 2 s,
    4 % in 0.5 s)."""
    for model, file, duration, needed in (("numpy-lif", "numpy_lif.py", 2.0, "numpy"), ("brian2-lif", "brian2_lif.py", 0.5, "brian2"),
                                          ("nest-lif", "nest_lif.py", 0.5, "nest")):
        if subprocess.run(["/usr/bin/python3", "-c", f"import {needed}"], capture_output=True).returncode != 0:
            print(f"{needed} is not installed: {file} is not run")
            continue
        wish = ["--set", f"run.duration={duration} s"]
        run_to_end(folder, f"{model}-own", None, None, *wish)
        run_to_end(folder, model, model, WORKERS / file, *wish)
        if failures:
            return
        ours, theirs = (rates_of(os.path.join(folder, name))[100:] for name in (f"{model}-own", model))
        tolerance = 4.0 * np.sqrt(2.0 * ours.mean() / (1000 * 1e-3 * len(ours)))
        print(f"{model}: {theirs.mean():.2f} Hz, this engine {ours.mean():.2f} Hz, tolerance {tolerance:.2f} Hz")
        check(20.0 < ours.mean() < 100.0 and abs(theirs.mean() - ours.mean()) < tolerance, f"the rate of {model}")
        check(abs(theirs.std() / ours.std() - 1.0) < 0.25, f"its fluctuation: {theirs.std():.2f} and {ours.std():.2f} Hz")


def test_kills(folder):
    """Three workers are killed; the fourth one ends the run. Snapshots are taken with the checkpoints."""
    wish = ["--set", "run.duration=2 s", "--set", "checkpoint.every=100 ms"]
    run_to_end(folder, "undisturbed", "numpy-lif", WORKERS / "numpy_lif.py", *wish)
    run = Run(folder, "killed", "numpy-lif", *wish)
    for _ in range(3):
        log = pathlib.Path(folder, "worker.log")
        n_before, end = log.read_text().count("serves"), time.monotonic() + 60.0
        worker = run.attach(WORKERS / "numpy_lif.py")
        while log.read_text().count("serves") == n_before and run.process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(random.uniform(0.1, 0.5))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    run.attach(WORKERS / "numpy_lif.py")
    check(run.end() == 0, f"killed: {run.said}")
    n = run.said.count("in window")
    print(f"{n} workers lost")
    check(n >= 1, f"workers were lost: {run.said}")
    check(data_of(os.path.join(folder, "undisturbed")) == data_of(run.out), "the data are those of the undisturbed run")


def test_keys(folder):
    """tcp with CURVE: a key that is not allowed does not get in; the data are those of ipc."""
    environment = dict(os.environ, CALLOSUM_KEYS=os.path.join(folder, "keys"))
    wish = ["--set", "run.duration=0.2 s"]
    run_to_end(folder, "over-ipc", "numpy-lif", WORKERS / "numpy_lif.py", *wish)
    run = Run(folder, "over-tcp", "numpy-lif", *wish, listen="tcp://127.0.0.1:*")
    check(run.key != "", f"the run tells its key: {run.said}")
    run.attach(WORKERS / "numpy_lif.py", "--host-key", run.key)
    log, end = "", time.monotonic() + 20.0
    while "callosum keys allow" not in log and time.monotonic() < end:
        time.sleep(0.1)
        log = pathlib.Path(folder, "worker.log").read_text()
    found = re.search(r"callosum keys allow py1 '([^']+)'", log)
    check(found is not None, f"the worker tells what to do: {log}")
    if found is not None:
        subprocess.run([PROGRAM, "keys", "allow", "py1", found[1]], env=environment, check=True, stdout=subprocess.DEVNULL)
    check(run.end() == 0, f"over tcp: {run.said}")
    check(data_of(os.path.join(folder, "over-ipc")) == data_of(run.out), "the data over tcp are those over ipc")


def test_returns(folder):
    """A model that is not deterministic: its numbers come from (seed, window), and each worker has a seed of its own. When one dies
    (SIGKILL) its follower cannot repeat it, and the run goes back to its checkpoint with the masses, the recorder and the follower,
    which serves one run only. What is recorded is what a worker gives undisturbed that changes its seed at the checkpoint."""

    def play(name, *workers, wish=("checkpoint.every=200 ms",), has_state=True):
        """Workers: (window and seed from there on), ...; and the window in which they die, or -1."""
        file = os.path.join(folder, name + ".py")
        pathlib.Path(file).write_text(DICE.format(python=str(SOURCE / "python"), workers=workers, has_state=has_state))
        words = [word for text in ("run.duration=0.6 s", *wish) for word in ("--set", text)]
        run = Run(folder, name, "numpy-lif", "--beat", "100 ms", *words)
        run.attach(file)
        return run, run.end()

    # windows of 10 ms: the workers die in the windows 27 and 47, behind the checkpoints of 200 and 400 ms
    check(play("mixed", ([(0, 1), (20, 2), (40, 3)], -1))[1] == 0, "undisturbed")
    run, status = play("returned", ([(0, 1)], 27), ([(0, 2)], 47), ([(0, 3)], -1))
    check(status == 0, f"returned: {run.said}")
    check(data_of(os.path.join(folder, "mixed")) == data_of(run.out), "all take part in the return, and nothing is lost or left over")
    manifest = json.loads(pathlib.Path(run.out, "manifest.json").read_text())
    wanted = ["back from 270 ms to the checkpoint at 200 ms, because L.region_01: E305", "back from 470 ms to the checkpoint at 400 ms"]
    check(manifest["endpoint"] == run.endpoint, "the door was opened again at the same place")
    check(len(manifest["returns"]) == 2 and all(t.startswith(w) for t, w in zip(manifest["returns"], wanted)), f"{manifest['returns']}")
    check(manifest["state"] == "complete" and all(w in run.said for w in wanted), f"it says so: {run.said}")

    # without snapshots there is no checkpoint, and the run begins anew
    check(play("whole", ([(0, 2)], -1))[1] == 0, "undisturbed")
    run, status = play("begun-anew", ([(0, 1)], 7), ([(0, 2)], -1), has_state=False)
    check(status == 0 and "back from 70 ms to its begin" in run.said, f"begun anew: {run.said}")
    check(data_of(os.path.join(folder, "whole")) == data_of(run.out), "the data of the second attempt, and only they")

    run, status = play("no-checkpoints", ([(0, 1)], 27), ([(0, 2)], -1), wish=())
    check(status == 1 and "E305" in run.said and "checkpoint: {every:" in run.said, f"without checkpoints: {run.said}")
    run, status = play("in-vain", *(([(0, seed)], 7) for seed in range(7)))
    check(status == 1 and "5 times and did not reach" in run.said, f"in vain: {run.said}")


def test_faults(folder):
    file = os.path.join(folder, "faulty.py")
    for name, unit, fault, wanted in (
            ("exception", "Hz", "raise ArithmeticError('the network exploded')", "E301 ArithmeticError: the network exploded"),
            ("nan", "Hz", "return {self.rate: np.nan}", "E302 port rate.E gives a value that is not finite"),
            ("unit", "mV", "pass", "E202 port poisson.E (in, Hz) is in mV here"),
            ("shape", "Hz", "return {self.rate: np.zeros(3)}", "E202 port rate.E gives 1 x"),
            ("nothing", "Hz", "return None", "E202 step gives NoneType")):
        pathlib.Path(file).write_text(FAULTY.format(python=str(SOURCE / "python"), unit=unit, fault=fault))
        run = Run(folder, name, "numpy-lif", "--set", "run.duration=0.2 s")
        run.attach(file)
        status = run.end()
        check(status not in (0, -1) and wanted in run.said, f"{name}: status {status}, {run.said}")


def test_network(folder):
    """A network of its own: the tolerance is that of the regions, see test_rates. Ports are those that are recorded; spikes of single
    neurons, which the package does not give, are missed aloud."""
    file = os.path.join(folder, "network.yaml")
    pathlib.Path(file).write_text("""callosum: 1
run: {duration: 1 s, seed: 5}
network:
  populations: {E: {neuron: lif, count: 1000, parameters: {t_ref: 3 ms}}}
  drive: [{kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}]
record: {signals: [{what: rate}, {what: spikes}]}
""")
    means = []
    for name, options in (("here", ()), ("there", ("--set", "network.simulator={model: numpy-lif}", "--listen", "ipc://*"))):
        run = Run(folder, "network-" + name, None, *options, file=file)
        if options:
            run.attach(WORKERS / "numpy_lif.py")
        check(run.end() == 0, f"network {name}: {run.said}")
        with h5py.File(os.path.join(run.out, "run.h5")) as h5:
            means.append(h5["rate"][100:].mean())
    tolerance = 4.0 * np.sqrt(2.0 * means[0] / (1000 * 0.9))
    print(f"network: {means[1]:.2f} Hz, this engine {means[0]:.2f} Hz, tolerance {tolerance:.2f} Hz")
    check(20.0 < means[0] < 100.0 and abs(means[1] - means[0]) < tolerance, "the rate of a network of its own")
    check("gives no spikes of single neurons" in run.said, f"missing spikes are told: {run.said}")


def test_document(folder):
    """The smallest worker of docs/foreign-simulators.md runs as it stands there, and with the parameters that stand there."""
    text = (SOURCE / "docs/foreign-simulators.md").read_text()
    file = os.path.join(folder, "relaxation.py")
    pathlib.Path(file).write_text(re.search(r"```python\n(.*?)```", text, re.S)[1])
    os.environ["PYTHONPATH"] = str(SOURCE / "python")
    parameters = re.search(r"simulator: \{model: relaxation, parameters: (\{.*?\})\}", text)[1]
    run = run_to_end(folder, "relaxation", "relaxation", file, "--set", f"regions.#1.spiking.simulator.parameters={parameters}",
                     "--set", "run.duration=0.5 s")
    rates = rates_of(run.out)
    check(0.1 < rates[-100:].mean() < 100.0 and rates[-100:].std() < 0.3 * rates[-100:].mean(), f"it relaxes: {rates[::100]}")
    run = Run(folder, "misspelled", "relaxation", "--set", "regions.#1.spiking.simulator.parameters={tua: 20 ms}")
    run.attach(file)
    check(run.end() == 2 and "E203 the model relaxation has no parameter 'tua'" in run.said, f"a misspelled parameter: {run.said}")


def main():
    begin = time.monotonic()
    for name, test in list(globals().items()):
        if name.startswith("test_") and name[5:] in (sys.argv[3:] or [name[5:]]):
            folder = tempfile.mkdtemp()
            test(folder)
            if failures:
                print(pathlib.Path(folder, "worker.log").read_text())
            shutil.rmtree(folder)
            print(f"{name}  {time.monotonic() - begin:.1f} s", flush=True)
    sys.exit(1 if failures else 0)


main()
