#!/usr/bin/env python3
"""A brain with one spiking region in process and elsewhere, in turns: the wall time of the windows, by placement and lag.
    bench/workers.py [--program build/bin/callosum] [--turns 5] [--duration "9 s"]
Placements: in process; a local worker (ipc); a worker that is attached over tcp with CURVE; the same through a proxy that
delays what it carries by 0.25 ms each way, which makes a link of 0.5 ms. One thread each. Prints CSV: the least and the
median of the turns, and both over those in process."""
import argparse
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

REGION = "L.transversetemporal"
DELAY_S = 0.25e-3


def carry(source, target):
    """Passes bytes on, each piece DELAY_S after it came. One thread reads, one writes: pieces do not wait for each other."""
    pieces, ready = [], threading.Condition()

    def write():
        while True:
            with ready:
                while not pieces:
                    ready.wait()
                due, data = pieces.pop(0)
            left = due - time.perf_counter()
            if left > 80e-6:
                time.sleep(left - 60e-6)  # a sleep takes about so much longer
            while time.perf_counter() < due:
                pass
            if not data:
                break
            target.sendall(data)
        target.close()

    threading.Thread(target=write, daemon=True).start()
    while True:
        try:
            data = source.recv(1 << 16)
        except OSError:
            data = b""
        with ready:
            pieces.append((time.perf_counter() + DELAY_S, data))
            ready.notify()
        if not data:
            return


def open_proxy(port):
    """Listens at a free port and carries to `port`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            near, _ = listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", port))
            except OSError:  # the host is not there yet: the worker comes again
                near.close()
                continue
            for s in (near, far):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=carry, args=(near, far), daemon=True).start()
            threading.Thread(target=carry, args=(far, near), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def run(a, scratch, place, lag, number):
    """Wall seconds of the windows of one run, and the report's line about its worker."""
    out = scratch / f"{place}-{lag}-{number}"
    experiment = pathlib.Path(__file__).parent.parent / "examples/one-spiking-region/experiment.yaml"
    command = [a.program, "run", experiment, "--set", f"run.duration={a.duration}", "--set", f"sync.lag={lag}", "--set",
               "sync.window=3 ms", "--threads", "1", "--out", out]
    worker = None
    if place == "local":
        command += ["--slot", "all=local"]
    if place in ("tcp", "delayed"):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        shown = open_proxy(port) if place == "delayed" else port
        command += ["--slot", "all=remote", "--listen", f"tcp://127.0.0.1:{port}"]
        worker = subprocess.Popen([a.program, "worker", "attach", f"tcp://127.0.0.1:{shown}", "--host-key", a.host_key, "--name",
                                   "bench", "--once", "--threads", "1"], stderr=subprocess.DEVNULL)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if worker is not None:
        worker.wait(timeout=60)
    if done.returncode != 0:
        sys.exit(f"{place}: {done.stderr}")
    return float(re.search(r"^cost +([0-9.e+-]+) s", done.stdout, re.M).group(1)), (out / "run.h5").read_bytes()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default="build/bin/callosum")
    p.add_argument("--turns", type=int, default=5)
    p.add_argument("--duration", default="9 s")
    a = p.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="callosum-bench-"))
    os.environ["CALLOSUM_KEYS"] = str(scratch / "keys")
    keys = {}
    for name in ("host", "bench"):
        said = subprocess.run([a.program, "keys", "new", name, "--json"], capture_output=True, text=True, check=True).stdout
        keys[name] = re.search(r'"(?:public_)?key": "([^"]*)"', said).group(1)
    a.host_key = keys["host"].encode().decode("unicode_escape")
    subprocess.run([a.program, "keys", "allow", "bench", keys["bench"].encode().decode("unicode_escape")], check=True, capture_output=True)
    print("lag,placement,least_s,median_s,least_over_in_process,median_over_in_process")
    for lag in (1, 2):
        times, data = {}, {}
        for turn in range(a.turns):
            for place in ("in-process", "local", "tcp", "delayed"):
                seconds, h5 = run(a, scratch, place, lag, turn)
                times.setdefault(place, []).append(seconds)
                data.setdefault(place, h5)
        assert all(h5 == data["in-process"] for h5 in data.values()), "run.h5 differs"
        least, median = min(times["in-process"]), statistics.median(times["in-process"])
        for place, t in times.items():
            print(f"{lag},{place},{min(t):.3f},{statistics.median(t):.3f},{min(t) / least:.3f},{statistics.median(t) / median:.3f}")


main()
