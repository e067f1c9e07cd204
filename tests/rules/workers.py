#!/usr/bin/env python3
"""Regions in worker processes as a user runs them: the bytes of run.h5 are those of the run in process; list and drain;
what is refused. argv: source folder, build folder."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

source, build = map(pathlib.Path, sys.argv[1:])
program = build / "bin/callosum"
experiment = source / "examples/one-spiking-region/experiment.yaml"
scratch = pathlib.Path(tempfile.mkdtemp(prefix="callosum-workers-"))
REGION = "L.transversetemporal"
problems = []


def command(out, duration, *more):
    return [program, "run", experiment, "--set", f"run.duration={duration}", "--set", "run.transient=0.1 s",
            "--threads", "1", "--out", scratch / out, *more]


def call(*words, seconds=120):
    return subprocess.run(words, capture_output=True, text=True, timeout=seconds)


def check(is_right, what):
    if not is_right:
        problems.append(what)


def wait_for(path, seconds=60):
    end = time.time() + seconds
    while not path.exists() and time.time() < end:
        time.sleep(0.02)
    return path.exists()


def same(a, b):
    return (scratch / a / "run.h5").read_bytes() == (scratch / b / "run.h5").read_bytes()


# the same bytes, with a worker that is replaced in the middle
check(call(*command("here", "20 s")).returncode == 0, "the run in process fails")
run = subprocess.Popen(command("there", "20 s", "--slot", "all=local"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
check(wait_for(scratch / "there/workers.json"), "no workers.json")
drained = call(program, "worker", "drain", scratch / "there", REGION)
said = run.communicate(timeout=200)[1]
check(run.returncode == 0, f"the run with a local worker fails: {said}")
check(same("here", "there"), "run.h5 differs between here and there")
told = json.loads(call(program, "worker", "list", scratch / "there", "--json").stdout)
check(told["slots"][0]["windows"] == 4000, f"windows: {told}")
if drained.returncode == 0:
    check(told["slots"][0]["worker"] == "local-2", f"the worker was not replaced: {told}")
    check("was let go" in said, f"nothing was said of it: {said}")
else:
    check("has ended" in drained.stderr, f"drain: {drained.stderr}")
check("local-" in call(program, "worker", "list", scratch / "there").stdout, "worker list")

# what is refused, before anything is computed
for more, words in ((["--slot", "nobody=local"], ["C303", REGION]), (["--slot", REGION + "=moon"], ["inproc"]),
                    (["--slot", REGION + "=remote"], ["--listen"]), (["--when-lost", "cry"], ["restart"]),
                    (["--slot", "all=remote", "--listen", "tcp://nonsense"], ["tcp://nonsense"]),
                    (["--slot", "all=local", "--mean-field"], ["none"])):
    refused = call(*command("refused", "1 s", *more))
    check(refused.returncode == 2, f"{more}: exit {refused.returncode} {refused.stderr}")
    check(all(w in refused.stderr for w in words), f"{more}: {refused.stderr}")
    check(not (scratch / "refused").exists(), f"{more}: leaves a folder")
check(call(program, "worker", "list", scratch / "here").returncode == 2, "a run without workers lists some")
check(call(program, "worker", "drain", scratch / "there", "x").returncode == 2, "a run that has ended drains")

# a network of its own is one participant: the same bytes, also after its worker and then the run were killed
NETWORK = scratch / "network.yaml"
NETWORK.write_text("""callosum: 1
run: {duration: 2 s, seed: 5}
network:
  populations: {E: {neuron: lif, count: 400}}
  connections: [{from: E, to: E, in_degree: 40, weight: 5 pA, delay: 1.5 ms, plasticity: {rule: stdp, w_max: 20 pA}}]
  drive: [{kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}]
record: {signals: [{what: rate}, {what: spikes}, {what: V, neurons: 3, every: 0.1 ms}]}
checkpoint: {every: 100 ms}
""")


def network(out, *more):
    return [program, "run", NETWORK, "--threads", "1", "--out", scratch / out, *more]


def local_worker(out):
    """The process that serves the run now."""
    end = time.time() + 60
    while time.time() < end:
        told = call(program, "worker", "list", scratch / out, "--json")
        pid = json.loads(told.stdout)["slots"][0]["pid"] if told.returncode == 0 else 0
        if pid > 0:
            return pid
        time.sleep(0.02)
    return 0


check(call(*network("net-here")).returncode == 0, "a network of its own fails in process")
run = subprocess.Popen(network("net-there", "--slot", "network=local"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
pid = local_worker("net-there")
check(pid > 0, "the network has no worker")
if pid > 0 and run.poll() is None:
    os.kill(pid, signal.SIGKILL)
said = run.communicate(timeout=200)[1]
check(run.returncode == 0, f"a network of its own fails in a worker: {said}")
check(same("net-here", "net-there"), "run.h5 of the network differs between here and there")
run = subprocess.Popen(network("net-killed", "--slot", "all=local"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
check(wait_for(scratch / "net-killed/checkpoints"), "no checkpoint")
run.kill()
run.wait()
resumed = call(program, "resume", scratch / "net-killed", "--slot", "network=local")
check(resumed.returncode == 0 and same("net-here", "net-killed"), f"the resumed network differs: {resumed.stderr}")
refused = call(*network("refused", "--slot", "E=local"))
check(refused.returncode == 2 and 'There are: all, "network"' in refused.stderr, f"a wrong name: {refused.stderr}")

print("\n".join(problems))
sys.exit(1 if problems else 0)
