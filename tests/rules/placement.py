#!/usr/bin/python3
"""Where the regions of a run are computed stands in its manifest: `resume` and `rerun` take it over, option by option, and other
options win. A host that is killed (SIGKILL) opens the same door again, and the worker that it had comes back by itself. The bytes of
run.h5 are those of the run in process. Takes SOURCE BUILD."""
import glob
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.join(os.path.abspath(sys.argv[2]), "bin", "callosum")
LIMIT_S = 240  # of each wait
BRAIN = """callosum: 1
run: {duration: 1 s, seed: 5}
connectome: {generate: {regions: 12, seed: 1}, speed: 8 mm/ms}
coupling: {gain: 0.5, min_delay: 4 ms, a: 10 ms}
models: {field: {neural_mass: mpr, parameters: {tau: 10 ms}}}
regions:
  default: field
  "#1":
    spiking:
      step: 0.1 ms
      populations: {E: {neuron: lif, count: 400}}
      connections: [{from: E, to: E, in_degree: 40, weight: 5 pA, delay: 1.5 ms}]
      drive: [{kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}]
      gives: [{by: rate-exp, from: E}]
record: {signals: [{what: rate, every: 1 ms}]}
checkpoint: {every: 50 ms}
"""
processes = []


class Process:
    """A program that runs in a folder; what it says goes to a file."""

    def __init__(self, folder, *words):
        self.words, self.log = words, os.path.join(SCRATCH, f"log{len(processes)}")
        environment = dict(os.environ, CALLOSUM_KEYS=os.path.join(SCRATCH, "keys"))
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([PROGRAM, *words], cwd=folder, stdout=log, stderr=subprocess.STDOUT, env=environment)
        processes.append(self.process)

    def text(self):
        with open(self.log) as file:
            return file.read()

    def end(self, expected=0):
        status = self.process.wait(LIMIT_S)
        assert status == expected, f"{self.words}: exit status {status}\n{self.text()}"
        return self.text()

    def until(self, what):
        end = time.monotonic() + LIMIT_S
        while not what():
            assert self.process.poll() is None, f"{self.words} has ended\n{self.text()}"
            assert time.monotonic() < end, f"{self.words} takes too long\n{self.text()}"
            time.sleep(0.005)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def door(self):
        """What to type for a worker, as it is printed: endpoint and, with keys, the host's."""
        line = r"callosum worker attach (\S+)(?: --host-key '([^']+)')?.*\n"
        self.until(lambda: re.search(line, self.text()))
        return re.search(line, self.text()).groups()


def h5(out):
    with open(os.path.join(out, "run.h5"), "rb") as file:
        return file.read()


def placement(out):
    with open(os.path.join(out, "manifest.json")) as file:
        return json.load(file)["command"]["placement"]


def kill_with_checkpoint(host, out):
    host.until(lambda: glob.glob(os.path.join(out, "checkpoints", "*.ckpt")))
    host.kill()


def check_remote(whole):
    """The port is the system's choice: the next host takes the same one."""
    out = os.path.join(SCRATCH, "remote")
    host = Process(SCRATCH, "run", "brain.yaml", "--out", "remote", "--slot", "all=remote", "--listen", "tcp://127.0.0.1:*",
                   "--insecure", "--beat", "100 ms", "--hold", "600 s")
    endpoint, key = host.door()
    assert key is None, host.text()
    worker = Process(SCRATCH, "worker", "attach", endpoint, "--threads", "1")
    kill_with_checkpoint(host, out)
    said = placement(out)
    assert said == ["--slot all=remote", "--listen tcp://127.0.0.1:*", "--beat 100 ms", "--hold 600 s", "--insecure"], said
    kept = {path: open(path, "rb").read() for path in glob.glob(os.path.join(out, "checkpoints", "*.ckpt"))}
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", int(endpoint.rsplit(":", 1)[1])))
        other.listen()
        said = Process("/", "resume", out).end(expected=2)
        assert "Address already in use" in said and "begins anew" not in said, said
    assert kept == {path: open(path, "rb").read() for path in kept}, "a door that is taken costs no checkpoint"
    host = Process("/", "resume", out)
    assert host.door() == (endpoint, None), host.text()
    assert "resume      at" in host.end() and h5(out) == whole, "another run.h5 after a resume with the worker of the former host"
    told = Process("/", "rerun", out, "--out", os.path.join(SCRATCH, "again"))
    assert told.door() == (endpoint, None) and "identical " in told.end(), told.text()
    assert worker.process.poll() is None and "serves L.region_01" in worker.text(), worker.text()
    told = Process("/", "rerun", out, "--out", os.path.join(SCRATCH, "here"), "--slot", "all=inproc").end()
    assert "identical " in told and "waiting for" not in told, told
    # a door of its own is not without keys because the former one was
    host = Process("/", "rerun", out, "--out", os.path.join(SCRATCH, "new"), "--listen", "tcp://127.0.0.1:*")
    assert host.door()[1] is not None, host.text()
    host.kill()
    worker.kill()


def check_local(whole):
    """What is said now wins, and stays: the region goes from a worker into the process, and the third process knows it."""
    out = os.path.join(SCRATCH, "local")
    host = Process(SCRATCH, "run", "brain.yaml", "--out", "local", "--slot", "all=local", "--when-lost", "stop")
    kill_with_checkpoint(host, out)
    os.remove(os.path.join(out, "workers.json"))
    host = Process(SCRATCH, "resume", "local", "--slot", "L.region_01=inproc")
    host.until(lambda: len(placement(out)) == 3)
    host.kill()
    assert placement(out) == ["--slot all=local", "--slot L.region_01=inproc", "--when-lost stop"], placement(out)
    Process(SCRATCH, "resume", "local").end()
    assert h5(out) == whole and not os.path.exists(os.path.join(out, "workers.json")), "it was computed elsewhere"


def check_paths(whole):
    """Relative paths count from the folder of the command that named them."""
    folder, out = os.path.join(SCRATCH, "a"), os.path.join(SCRATCH, "a", "out")
    os.mkdir(folder)
    host = Process(folder, "run", "../brain.yaml", "--out", "out", "--slot", "all=remote", "--listen", "ipc://door/hub", "--keys", "k")
    worker = Process(folder, "worker", "attach", host.door()[0], "--threads", "1")
    kill_with_checkpoint(host, out)
    assert "--keys k" in placement(out), placement(out)
    host = Process("/", "resume", out)
    assert host.door()[0] == f"ipc://{folder}/door/hub", host.text()
    host.end()
    assert f"--keys {folder}/k" in placement(out) and h5(out) == whole, placement(out)
    worker.kill()


def check_broken(out):
    """A manifest that somebody changed by hand is read with care."""
    path = os.path.join(out, "manifest.json")
    with open(path) as file:
        manifest = json.load(file)
    for option, wanted in (("--slott all=local", "unknown option --slott. Try --slot"), ("--beat soon", "--beat needs"), ("", "unknown option --")):
        manifest["command"]["placement"] = [option]
        with open(path, "w") as file:
            json.dump(manifest, file)
        said = Process(SCRATCH, "rerun", out, "--out", "nothing").end(expected=2)
        assert wanted in said and not os.path.exists(os.path.join(SCRATCH, "nothing")), said


with tempfile.TemporaryDirectory(prefix="callosum-placement-") as SCRATCH:
    try:
        with open(os.path.join(SCRATCH, "brain.yaml"), "w") as file:
            file.write(BRAIN)
        Process(SCRATCH, "run", "brain.yaml", "--out", "whole").end()
        bytes_of_whole = h5(os.path.join(SCRATCH, "whole"))
        assert placement(os.path.join(SCRATCH, "whole")) == []
        check_remote(bytes_of_whole)
        check_local(bytes_of_whole)
        check_paths(bytes_of_whole)
        check_broken(os.path.join(SCRATCH, "local"))
    finally:
        for process in processes:
            process.kill()
            process.wait()
print("ok")
