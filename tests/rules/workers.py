#!/usr/bin/env python3
"""Regions in worker processes as a user runs them: the bytes of run.h5 are those of the run in process; list and drain;
what is refused. argv: source folder, build folder."""
import json
import pathlib
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

print("\n".join(problems))
sys.exit(1 if problems else 0)
