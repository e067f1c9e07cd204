"""What the cases of callosum_faults share: processes that cannot outlive a case, clocks that end what hangs, and the small
brain with two spiking regions that all of them run."""
import os
import random
import re
import signal
import subprocess
import time

BRAIN = """callosum: 1
run: {{duration: {duration} ms, seed: 5}}
sync: {{lag: {lag}}}
connectome: {{generate: {{regions: {regions}, seed: 1}}, speed: 8 mm/ms}}
coupling: {{gain: 0.5, min_delay: 4 ms, a: 10 ms}}
noise: [{{state: V, level: 0.1 1/sqrt(ms)}}]
models: {{field: {{neural_mass: mpr, parameters: {{tau: 10 ms}}}}}}
regions:
  default: field
  "{spiking}":
    spiking:
      step: 0.1 ms
      populations: {{E: {{neuron: lif, count: {n_e}}}, I: {{neuron: lif, count: {n_i}}}}}
      connections:
        - {{from: E, to: "E, I", in_degree: 40, weight: 20 pA, delay: 1.5 ms}}
        - {{from: I, to: "E, I", in_degree: 10, weight: -100 pA, delay: 1.5 ms}}
      drive: [{{kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}}]
      receives: [{{by: poisson, into: E.excitatory, synapses: 100, weight: 20 pA}}]
      gives: [{{by: rate-exp, from: E}}]
record:
  signals:
    - {{what: rate, every: 1 ms}}
    - {{what: spikes, of: all}}
checkpoint: {{every: {every} ms}}
"""
# in the place of a brain: lag 0
NETWORK = """callosum: 1
run: {{duration: {duration} ms, seed: 5}}
network:
  populations: {{E: {{neuron: lif, count: {n_e}}}, I: {{neuron: lif, count: {n_i}}}}}
  connections:
    - {{from: E, to: "E, I", in_degree: 40, weight: 20 pA, delay: 1.5 ms, plasticity: {{rule: stdp, w_max: 30 pA}}}}
    - {{from: I, to: "E, I", in_degree: 10, weight: -100 pA, delay: 1.5 ms}}
  drive: [{{kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}}]
sync: {{window: 5 ms}}
record:
  signals:
    - {{what: rate, every: 1 ms}}
    - {{what: spikes}}
checkpoint: {{every: {every} ms}}
"""
SLOTS = ["L.region_01", "L.region_04"]
BEAT = ["--beat", "100 ms"]


class Fault(Exception):
    """What a case found."""


class Skip(Exception):
    """Why a case cannot be tried here."""


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def workers_of(pid):
    """The worker processes that a host started, by /proc."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
            if parent == pid and b"attach" in read("/proc", name, "cmdline"):
                found.append(int(name))
        except (OSError, ValueError):
            pass
    return found


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def memory_mb(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s*(\d+)", file.read()).group(1)) / 1024


CASES = []  # (name, limit of time in s, function)


def case(name, limit_s=60.0):
    def keep(function):
        CASES.append((name, limit_s, function))
        return function
    return keep


class Case:
    """One case: its folder, its processes and its end."""

    def __init__(self, name, program, scratch, limit_s):
        self.name, self.program, self.folder = name, program, os.path.join(scratch, re.sub(r"\W", "_", name))
        self.end = time.monotonic() + limit_s
        self.processes, self.figures, self.n = [], {}, 0
        os.makedirs(self.folder)

    def count(self, what, n=1):
        self.figures[what] = self.figures.get(what, 0) + n

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *words, prefix=(), **more):
        self.n += 1
        log = self.path(f"{self.n}_{words[0]}.log")
        with open(log, "w") as file:
            process = subprocess.Popen([*prefix, self.program, *map(str, words)], stdout=file, stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL, start_new_session=True, **more)
        process.log = log
        self.processes.append(process)
        return process

    def left(self):
        left = self.end - time.monotonic()
        if left <= 0:
            raise Fault("it hangs: the time for this case is up")
        return left

    def until(self, what, why, limit_s=60.0):
        """Waits for what() to be true, and gives it."""
        end = time.monotonic() + limit_s
        while True:
            found = what()
            if found:
                return found
            if time.monotonic() > end:
                raise Fault(f"it hangs: {why} took more than {limit_s:g} s")
            self.left()
            time.sleep(0.005)

    def wait(self, process, expected=(0,)):
        try:
            status = process.wait(self.left())
        except subprocess.TimeoutExpired:
            raise Fault(f"it hangs: no end of `{' '.join(process.args)}`") from None
        if status not in expected:
            raise Fault(f"exit status {status} of `{' '.join(process.args)}`")
        return self.text(process)

    @staticmethod
    def text(process):
        return read(process.log).decode(errors="replace")

    def run(self, *words, expected=(0,), **more):
        return self.wait(self.start(*words, **more), expected)

    def host(self, experiment, out, *more, verb="run", **rest):
        words = ["run", experiment, "--out", out] if verb == "run" else ["resume", out]
        return self.start(*words, *BEAT, *more, **rest)

    def endpoint(self, host):
        """Where a host listens, and its key, as it prints them."""
        found = self.until(lambda: host.poll() is not None or
                           re.search(r"worker attach (\S+)(?: --host-key '(.*?)')?", self.text(host)), "listening")
        if found is True:
            raise Fault("the host ended before it listened")
        return found.group(1), found.group(2)

    def worker(self, endpoint, name, *more, **rest):
        return self.start("worker", "attach", endpoint, "--name", name, "--threads", random.choice("12"), *more, **rest)

    def kill(self, process):
        pid = process if isinstance(process, int) else process.pid
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def close(self):
        for process in self.processes:
            pids = [] if process.poll() is not None else [process.pid, *workers_of(process.pid)]
            for pid in pids:
                self.kill(pid)
            process.wait()

    def last_lines(self):
        lines = []
        for process in self.processes[-8:]:
            text = self.text(process).replace("\r", "\n")
            lines.append("    " + " ".join(process.args[1:]) + f" -> {process.returncode}")
            lines += ["      " + line for line in text.splitlines() if line.strip()][-8:]
        return "\n".join(lines)


class Brain:
    """An experiment and the run.h5 that it gives undisturbed, in one process. Two of its regions are spiking, or
    many small ones; lag 0: it is a network of its own."""

    def __init__(self, program, scratch, lag, duration_ms, every_ms, n_spiking):
        self.file = os.path.join(scratch, f"brain_{lag}_{duration_ms}_{every_ms}_{n_spiking}.yaml")
        n = {"spiking": "#1, #4", "regions": 12, "n_e": 400, "n_i": 100}
        if n_spiking > 2:
            n = {"spiking": ", ".join(f"#{i}" for i in range(n_spiking)), "regions": n_spiking + 4, "n_e": 80, "n_i": 20}
        with open(self.file, "w") as file:
            file.write((BRAIN if lag > 0 else NETWORK).format(duration=duration_ms, lag=lag, every=every_ms, **n))
        out = self.file[:-5]
        done = subprocess.run([program, "run", self.file, "--out", out, "--threads", "1"], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"the undisturbed run failed:\n{done.stdout}{done.stderr}")
        self.h5 = read(out, "run.h5")

    def compare(self, out):
        if read(out, "run.h5") != self.h5:
            raise Fault(f"another run.h5 in {out}")


def finish(c, brain, host, out, *more):
    """The run ends well, or it stopped with a named cause and goes on. Gives True if it ended well at once."""
    text = c.wait(host, (0, 1, 2, 4))
    if host.returncode == 0:
        brain.compare(out)
        c.count("runs with equal bits")
        return True
    if "E103" not in text and "E304" not in text:
        raise Fault("the run stopped without a named cause")
    c.count("runs stopped with a named cause")
    return False
