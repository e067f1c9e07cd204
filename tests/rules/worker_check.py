#!/usr/bin/python3
"""`callosum worker check` as a user runs it: our worker over tcp with CURVE, on a region of an experiment, and those of the
examples in NumPy and, where PYTHONPATH or the system has it, in NEST. argv: source folder, build folder."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

source, build = map(pathlib.Path, sys.argv[1:])
program = build / "bin/callosum"
scratch = pathlib.Path(tempfile.mkdtemp(prefix="callosum-check-"))
scratch.chmod(0o700)
problems = []


def check(is_right, what):
    if not is_right:
        problems.append(what)


def drive(worker, *more):
    """The verdicts of a worker; `worker` makes its command line from what the check prints."""
    checker = subprocess.Popen([program, "worker", "check", *more, "--json", "--wait", "60"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    lines = [checker.stderr.readline() for _ in range(2)]
    process = subprocess.Popen(worker(lines[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        out, err = checker.communicate(timeout=240)
    finally:
        process.kill()
        process.wait()
        checker.kill()
    check(out, f"no JSON: {lines} {err}")
    return checker.returncode, json.loads(out) if out else {"checks": [], "passes": False}


def passes(what, returncode, verdicts, at_least):
    for c in verdicts["checks"]:
        check(c["verdict"] != "FAILED", f"{what}: {c['name']}: {c['text']}")
    done = sum(c["verdict"] == "ok" for c in verdicts["checks"])
    check(returncode == 0 and verdicts["passes"] and done >= at_least, f"{what}: status {returncode}, {done} ok")


# tcp with CURVE: the command that is printed attaches a worker, whose key is allowed
keys = scratch / "keys"
made = subprocess.run([program, "keys", "new", "gpu1", "--keys", keys, "--json"], capture_output=True, text=True, check=True)
subprocess.run([program, "keys", "allow", "friend", json.loads(made.stdout)["public_key"], "--keys", keys], check=True,
               stdout=subprocess.DEVNULL)


def attach(line):
    endpoint, key = re.search(r"attach (\S+) --host-key '([^']+)'", line).groups()
    return [program, "worker", "attach", endpoint, "--host-key", key, "--name", "gpu1", "--keys", keys, "--threads", "1"]


passes("tcp", *drive(attach, "tcp://127.0.0.1:*", "--keys", keys, "--only", "windows", "--only", "cut", "--only", "malformed"), 3)

# a region of an experiment
socket = f"ipc://{scratch}/socket"
passes("region", *drive(lambda _: [program, "worker", "attach", socket, "--threads", "1"], socket, "--keys", keys, "--experiment",
                        source / "examples/one-spiking-region/experiment.yaml", "--only", "unit", "--only", "duplicate", "--only",
                        "snapshot-elsewhere", "--only", "deterministic"), 4)

# workers in Python; one without snapshots is asked for fewer things
for name, at_least, needed in (("numpy", 32, "msgpack, numpy, zmq"), ("nest", 30, "msgpack, nest, zmq")):
    found = subprocess.run([sys.executable, "-c", f"import {needed}"], capture_output=True, text=True)
    if found.returncode != 0:
        print(f"the {name} worker is skipped:", (found.stderr.strip().splitlines() or ["no message"])[-1])
        continue
    example = source / f"examples/workers/{name}_lif.py"
    passes(name, *drive(lambda _: [sys.executable, "-B", example, socket], socket, "--keys", keys), at_least)

# what is refused
wrong = subprocess.run([program, "worker", "check", socket, "--keys", keys, "--only", "no-such"], capture_output=True, text=True, timeout=60)
check(wrong.returncode == 2 and "no-such" in wrong.stderr, f"an unknown check: {wrong.returncode} {wrong.stderr}")

shutil.rmtree(scratch, ignore_errors=True)
print("\n".join(problems))
sys.exit(1 if problems else 0)
