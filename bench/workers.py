#!/usr/bin/env python3
"""A brain with one spiking region, by lag, and a network of its own, in process and elsewhere, in turns: the wall time of the
windows by placement.
    bench/workers.py [--program build/bin/callosum] [--turns 5] [--duration "9 s"] [--cases lag-1 lag-2 network]
Placements: in process; a local worker (ipc); a worker that is attached over tcp with CURVE; the same over a link of packets
between two network namespaces (build/tests/lossy_link) that takes 0.25 ms each way, where such a link is to be had. One thread
each. Prints CSV: the least and the median of the turns, the least over that in process, and the median of the turns' ratios
to their own run in process."""
import argparse
import atexit
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/faults"))
from lossy_link import HOST_ADDRESS, Link  # noqa: E402
from support import Skip  # noqa: E402


# the example, and what it is run with
CASES = {"lag-1": ("one-spiking-region", "sync.lag=1", "sync.window=3 ms"), "lag-2": ("one-spiking-region", "sync.lag=2", "sync.window=3 ms"),
         "network": ("coba",)}


def run(a, scratch, place, case, number):
    """Wall seconds of the windows of one run, and its data."""
    out = scratch / f"{place}-{case}-{number}"
    example, *overrides = CASES[case]
    experiment = pathlib.Path(__file__).parent.parent / "examples" / example / "experiment.yaml"
    sides = a.link.sides if place == "link" else ([], [])
    command = [*sides[0], a.program, "run", experiment, "--threads", "1", "--out", out]
    for override in (f"run.duration={a.duration}", *overrides):
        command += ["--set", override]
    worker = None
    if place == "local":
        command += ["--slot", "all=local"]
    if place in ("tcp", "link"):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            endpoint = f"tcp://{HOST_ADDRESS if place == 'link' else '127.0.0.1'}:{probe.getsockname()[1]}"
        command += ["--slot", "all=remote", "--listen", endpoint]
        worker = subprocess.Popen([*sides[1], a.program, "worker", "attach", endpoint, "--host-key", a.host_key, "--name", "bench",
                                   "--once", "--threads", "1"], stderr=subprocess.DEVNULL)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if worker is not None:
        worker.wait(timeout=60)
    if done.returncode != 0:
        sys.exit(f"{place}: {done.stderr}")
    return float(re.search(r"^cost +([0-9.e+-]+) s", done.stdout, re.M).group(1)), (out / "run.h5").read_bytes()


def make_keys(a, folder):
    os.environ["CALLOSUM_KEYS"] = str(folder)
    keys = {}
    for name in ("host", "bench"):
        said = subprocess.run([a.program, "keys", "new", name, "--json"], capture_output=True, text=True, check=True).stdout
        keys[name] = re.search(r'"(?:public_)?key": "([^"]*)"', said).group(1).encode().decode("unicode_escape")
    a.host_key = keys["host"]
    subprocess.run([a.program, "keys", "allow", "bench", keys["bench"]], check=True, capture_output=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default="build/bin/callosum")
    p.add_argument("--turns", type=int, default=5)
    p.add_argument("--duration", default="9 s")
    p.add_argument("--cases", choices=CASES, nargs="+", default=list(CASES))
    p.add_argument("--places", nargs="+", default=["local", "tcp", "link"], help="other than in process")
    a = p.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="callosum-bench-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    make_keys(a, scratch / "keys")
    places = ["in-process", *a.places]
    try:
        a.link = Link(os.path.dirname(os.path.dirname(os.path.abspath(a.program))), "delay=0.25")
    except Skip as why:
        print(f"# without a link of 0.5 ms: {why}")
        places = [place for place in places if place != "link"]
    print("case,placement,least_s,median_s,least_over_in_process,median_of_pairs")
    for case in a.cases:
        times, data = {place: [] for place in places}, set()
        for turn in range(a.turns):
            for place in places if turn % 2 == 0 else places[::-1]:
                seconds, h5 = run(a, scratch, place, case, turn)
                times[place].append(seconds)
                data.add(h5)
        assert len(data) == 1, "run.h5 differs"
        base = times["in-process"]
        for place, t in times.items():
            pairs = statistics.median(x / y for x, y in zip(t, base))
            print(f"{case},{place},{min(t):.3f},{statistics.median(t):.3f},{min(t) / min(base):.3f},{pairs:.3f}", flush=True)


main()
