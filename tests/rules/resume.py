#!/usr/bin/python3
"""Runs that are killed (SIGKILL) at random moments, also while they write a checkpoint and while they resume, leave the
run.h5 of one that was not, byte for byte. Stopping by SIGTERM, a broken checkpoint, a full disk, a second process, changed
inputs, repeating a run, and the messages about all that. Takes SOURCE BUILD."""
import glob
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE, BUILD = sys.argv[1:3]
PROGRAM = os.path.join(BUILD, "bin", "callosum")
N_KILLS = 10  # of each experiment
random.seed(11)

BRAIN = """callosum: 1
run: {duration: 1 s, seed: 5}
connectome: {generate: {regions: 12, seed: 1}, speed: 8 mm/ms}
coupling: {gain: 0.5, min_delay: 2 ms, a: 10 ms}
noise: [{state: V, level: 0.1 1/sqrt(ms)}]
models: {field: {neural_mass: mpr, parameters: {tau: 10 ms}}}
regions:
  default: field
  "#1":
    spiking:
      step: 0.1 ms
      populations: {E: {neuron: lif, count: 800}, I: {neuron: lif, count: 200}}
      connections:
        - {from: E, to: "E, I", in_degree: 80, weight: 20 pA, delay: 1.5 ms}
        - {from: I, to: "E, I", in_degree: 20, weight: -100 pA, delay: 1.5 ms}
      drive: [{kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}]
      receives: [{by: poisson, into: E.excitatory, synapses: 100, weight: 20 pA}]
      gives: [{by: rate-exp, from: E}]
record:
  signals:
    - {what: rate, every: 1 ms}
    - {what: rate, every: 100 ms, monitor: {kind: bold, length: 1 s}}
    - {what: spikes, of: all}
checkpoint: {every: 50 ms}
"""
# synapses that learn make checkpoints large: kills fall into their writing
NETWORK = """callosum: 1
run: {duration: 1 s, seed: 5}
network:
  step: 0.1 ms
  populations: {E: {neuron: lif, count: 300}}
  connections:
    - {from: E, to: E, in_degree: 299, weight: 5 pA, delay: 1.5 ms, plasticity: {rule: stdp, w_max: 20 pA}}
  drive: [{kind: poisson, into: E.excitatory, rate: 10 Hz, trains: 1000, weight: 22 pA}]
record: {weights: [{every: 40 ms, synapses: random 200}]}
checkpoint: {every: 25 ms, keep: 2}
"""


def start(*words, **more):
    return subprocess.Popen([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def run(*words, expected=0, text="", **more):
    process = start(*words, **more)
    printed = process.communicate(timeout=300)[0]
    assert process.returncode == expected, f"{words}: exit status {process.returncode}\n{printed}"
    assert text in printed, f"{words}: lacks {text!r}\n{printed}"
    return printed


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def checkpoints(out):
    return sorted(glob.glob(os.path.join(out, "checkpoints", "*.ckpt")))


def wait_for(what, process):
    end = time.monotonic() + 120
    while not what():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.002)


def has(out, *names):
    return len(glob.glob(os.path.join(out, *names))) > 0


# moments at which to kill: anywhere, in the writing of a checkpoint, after one, while run.h5 is rebuilt
MOMENTS = {
    "anywhere": lambda out, before: True,
    "inside": lambda out, before: has(out, "checkpoints", "*.tmp"),
    "after": lambda out, before: checkpoints(out)[-1:] != before,
    "rebuilding": lambda out, before: has(out, "run.h5.part") or not before,
}


def kill_at(process, out, moment, longest):
    """Whether the process was killed, and not done before."""
    before, deadline = checkpoints(out)[-1:], time.monotonic() + 60
    while not MOMENTS[moment](out, before) and process.poll() is None and time.monotonic() < deadline:
        pass
    time.sleep(random.random() * (longest if moment == "anywhere" else 0.004))
    process.kill()
    process.communicate()
    return process.returncode != 0


def check_kills(scratch, name, text):
    """Kills from the begin of a run or of a resume on; the last one runs to its end."""
    experiment, whole = os.path.join(scratch, name + ".yaml"), os.path.join(scratch, name + "_whole")
    with open(experiment, "w") as file:
        file.write(text)
    begin = time.monotonic()
    run("run", experiment, "--out", whole, "--threads", "1")
    longest = 0.5 * (time.monotonic() - begin)
    bytes_of_whole, counts, n_kills = read(whole, "run.h5"), dict.fromkeys(MOMENTS, 0), 0
    assert not os.path.exists(os.path.join(whole, "checkpoints")), "a complete run keeps no checkpoints"
    os.mkdir(os.path.join(whole, "checkpoints"))  # a kill just before they are removed
    open(os.path.join(whole, "checkpoints", "000000.100000000s.ckpt"), "w").close()
    run("resume", whole)
    assert not os.path.exists(os.path.join(whole, "checkpoints")), "checkpoints of a run that was complete stay"
    for turn in range(20):
        out = os.path.join(scratch, f"{name}_{turn}")
        words = ["run", experiment, "--out", out]
        while n_kills < N_KILLS:
            moment = list(MOMENTS)[n_kills % len(MOMENTS)]
            if not kill_at(start(*words, "--threads", random.choice("123")), out, moment, longest):
                break
            n_kills += 1
            counts[moment] += 1
            if has(out, "manifest.json"):
                words = ["resume", out]
            else:  # killed before it began
                shutil.rmtree(out, ignore_errors=True)
        if not has(out, "run.h5"):
            run(*words)
        run("resume", out)
        assert read(out, "run.h5") == bytes_of_whole, f"{name}: another run.h5 after {n_kills} kills"
        assert json.loads(read(out, "manifest.json"))["state"] == "complete"
        assert sorted(os.listdir(out)) == ["experiment.yaml", "manifest.json", "report.html", "run.h5"], os.listdir(out)
        if n_kills >= N_KILLS:
            break
    print(f"{name}: {n_kills} kills {counts}")
    assert n_kills >= N_KILLS


def stopped_run(scratch, name, experiment, *more):
    """A run that was killed once it had two checkpoints."""
    out = os.path.join(scratch, name)
    process = start("run", experiment, "--out", out, *more)
    wait_for(lambda: len(checkpoints(out)) == 2, process)
    process.kill()
    process.communicate()
    return out


def check_stops(scratch):
    experiment, whole = os.path.join(scratch, "brain.yaml"), read(scratch, "brain_whole", "run.h5")
    out = os.path.join(scratch, "stopped")
    process = start("run", experiment, "--out", out)
    wait_for(lambda: len(checkpoints(out)) > 0, process)
    run("resume", out, expected=2, text="is in use by another process, number %d. Wait for" % process.pid)
    process.send_signal(signal.SIGTERM)
    printed = process.communicate()[0]
    assert process.returncode == 3, f"exit status {process.returncode}\n{printed}"
    assert f"with a checkpoint at" in printed and f"callosum resume {out}" in printed, printed
    assert json.loads(read(out, "manifest.json"))["state"] == "stopped"
    run("resume", out, text="resume      at")
    assert read(out, "run.h5") == whole, "another run.h5 after SIGTERM"
    run("resume", out, text="is complete: nothing is left to do")


def check_broken(scratch):
    experiment, whole = os.path.join(scratch, "brain.yaml"), read(scratch, "brain_whole", "run.h5")
    out = stopped_run(scratch, "broken", experiment)
    kept = checkpoints(out)
    newest = read(kept[-1])
    with open(kept[-1], "wb") as file:
        file.write(newest[:len(newest) // 2] + b"?" + newest[len(newest) // 2 + 1:])
    copy = out + "_2"
    shutil.copytree(out, copy)
    printed = run("resume", out, text="C305 the state is broken: its digest is another one")
    assert f"from {kept[0]}" in printed and read(out, "run.h5") == whole, printed
    with open(checkpoints(copy)[0], "wb") as file:
        file.write(b"callosum ckpt")
    printed = run("resume", copy, text="has no checkpoint that can be used: the run begins anew")
    assert "cut short" in printed and read(copy, "run.h5") == whole, printed


def check_changes(scratch):
    experiment = os.path.join(scratch, "inputs.yaml")
    generated = os.path.join(scratch, "c.zip")
    run("connectome", "generate", generated, "--regions", "12", "--seed", "1")
    with open(experiment, "w") as file:
        file.write(BRAIN.replace("{generate: {regions: 12, seed: 1}, speed", "{file: c.zip, speed"))
    out = stopped_run(scratch, "inputs", experiment, "--set", "run.seed=9")
    os.remove(generated)
    run("connectome", "generate", generated, "--regions", "12", "--seed", "2")
    run("resume", out, expected=2, text="c.zip has changed: SHA-256")
    printed = run("resume", out, "--force", text="going on in spite of what has changed")
    assert "of other parameters" in printed and "the run begins anew" in printed, printed
    folder = os.path.join(scratch, "matrices")
    os.mkdir(folder)
    for name, value in (("weights", 0.5), ("tract_lengths", 100.0)):
        with open(os.path.join(folder, name + ".txt"), "w") as file:
            file.writelines(" ".join("0" if i == j else str(value) for j in range(6)) + "\n" for i in range(6))
    with open(experiment, "w") as file:
        file.write(BRAIN.replace("{generate: {regions: 12, seed: 1}, speed", "{file: matrices, speed"))
    out = stopped_run(scratch, "folder", experiment)
    with open(os.path.join(folder, "weights.txt")) as file:
        text = file.read()
    with open(os.path.join(folder, "weights.txt"), "w") as file:
        file.write(text.replace("0.5", "0.6"))
    run("resume", out, expected=2, text="began with another connectome: its weights have changed")
    assert not has(out, "run.h5.part")
    run("resume", scratch, expected=2, text="there is no manifest.json")
    run("resume", os.path.join(scratch, "nothing"), expected=2, text="is no folder of a run")


def check_places(scratch):
    """Where a region is computed does not matter: there before the kill, here behind it, and the other way round."""
    experiment, whole = os.path.join(scratch, "brain.yaml"), read(scratch, "brain_whole", "run.h5")
    for name, before, behind in (("there", ["--slot", "all=local"], []), ("here", [], ["--slot", "all=local"])):
        out = stopped_run(scratch, name, experiment, *before)
        run("resume", out, *behind, text="resume      at")
        assert read(out, "run.h5") == whole, f"another run.h5 with the worker {name} first"


def check_rerun(scratch):
    whole, out = os.path.join(scratch, "brain_whole"), os.path.join(scratch, "again")
    printed = run("rerun", whole, "--out", out, text="identical   ")
    assert "up to 1000 ms: every bit of" in printed and "changed since" not in printed, printed
    assert read(out, "run.h5") == read(whole, "run.h5")
    other = os.path.join(scratch, "other")
    shutil.copytree(whole, other)
    manifest = json.loads(read(other, "manifest.json"))
    manifest["command"]["overrides"] = ["run.seed=6"]
    with open(os.path.join(other, "manifest.json"), "w") as file:
        json.dump(manifest, file)
    printed = run("rerun", other, "--out", out + "_2", expected=1, text="seed: 5 then, 6 now")
    assert "differs " in printed and 'first rate at 1 ms, column "' in printed, printed
    told = json.loads(run("rerun", whole, "--out", out + "_3", "--json"))
    assert told["is_identical"] and told["difference"] is None and told["until_ms"] == 1000 and told["values"] > 1e4, told
    run("rerun", scratch, expected=2, text="there is no manifest.json")


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1600000, 1600000))


def check_full_disk(scratch):
    """Files may not grow beyond 1.6 MB: checkpoints cannot be written, the run goes on to its end."""
    experiment, out = os.path.join(scratch, "network.yaml"), os.path.join(scratch, "full")
    printed = run("run", experiment, "--out", out, "--set", "run.duration=100 ms", "--set", "record.weights=[]",
                  "--set", "network.populations.E.count=700", "--set", "network.connections[0].in_degree=600",
                  preexec_fn=limit_files)
    assert printed.count("no checkpoint at") == 1 and "File too large" in printed, printed
    assert not os.path.exists(os.path.join(out, "checkpoints")), "a complete run keeps none"


def check_small_disk(scratch):
    """On a disk where neither checkpoints nor rows find room the run fails; with room it is resumed. Needs the right to mount."""
    experiment, whole = os.path.join(scratch, "brain.yaml"), read(scratch, "brain_whole", "run.h5")
    disk = os.path.join(scratch, "disk")
    os.mkdir(disk)
    out = os.path.join(disk, "run")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", disk], capture_output=True).returncode != 0:
        print("no small disk: this user may not mount one")
        return
    try:
        printed = run("run", experiment, "--out", out, expected=1, text="No space left on device")
        kept = {path: read(path) for path in [os.path.join(out, "run.h5"), *checkpoints(out)]}
        assert len(kept) > 1 and "the file holds all up to" in printed, printed
        # room for a run.h5 that begins, none for what it has to hold: what there is stays
        facts = os.statvfs(disk)
        used = (facts.f_blocks - facts.f_bfree) * facts.f_frsize
        subprocess.run(["mount", "-o", f"remount,size={used + 150000}", disk], check=True)
        printed = run("resume", out, expected=2, text="No space left on device")
        assert "begins anew" not in printed and all(read(path) == kept[path] for path in kept), printed
        subprocess.run(["mount", "-o", "remount,size=30m", disk], check=True)
        run("resume", out, text="resume      at")
        assert read(out, "run.h5") == whole, "another run.h5 after a full disk"
    finally:
        subprocess.run(["umount", disk], check=True)


with tempfile.TemporaryDirectory() as scratch_folder:
    check_kills(scratch_folder, "brain", BRAIN)
    check_kills(scratch_folder, "network", NETWORK)
    check_stops(scratch_folder)
    check_broken(scratch_folder)
    check_changes(scratch_folder)
    check_places(scratch_folder)
    check_rerun(scratch_folder)
    check_full_disk(scratch_folder)
    check_small_disk(scratch_folder)
print("ok")
