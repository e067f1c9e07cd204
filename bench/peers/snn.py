#!/usr/bin/env python3
"""Other simulators of spiking networks and callosum on the same networks, turn by turn on one core.

    bench/peers/snn.py [--case NAME ...] [--peer NAME ...] [--turns N] [--genn FOLDER] [--nest FOLDER] [--auryn PROGRAM]
                       [--realtime] [--scratch FOLDER]

The networks are those of bench_snn (snn_cases.py has their figures for the peers); a peer's model is the file snn_PEER
beside this one. Needed for a peer: genn: PyGeNN 5, nest: NEST 3, in FOLDER or installed; brian2: Debian's python3-brian;
auryn: snn_auryn.cpp, compiled with Auryn, as PROGRAM. A peer that is not there is left out, and said so. Work: processor
seconds per simulated second on one thread, after 300 ms that are not counted, construction apart. --realtime takes the
priority of chrt -f 50 for every run (as root), so that other work on the machine disturbs little. Prints CSV: medians over
turns, the rates of both, and the ratio of the medians."""
import argparse
import csv
import io
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
import snn_cases  # noqa: E402

PEERS = {"genn": snn_cases.CASES, "nest": snn_cases.CASES, "auryn": ("coba", "brunel"),
         "brian2": tuple(c for c in snn_cases.CASES if c != "microcircuit")}
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's packages


def output(command, args, scratch):
    packages = [folder for folder in (args.genn, args.nest, os.environ.get("PYTHONPATH")) if folder]
    env = {**os.environ, "TMPDIR": str(scratch), "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(packages)}
    wrapped = (["chrt", "-f", "50"] if args.realtime else []) + [str(c) for c in command]
    done = subprocess.run(wrapped, capture_output=True, text=True, env=env, check=False)
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    return done.stdout


def run_peer(peer, case, args, scratch):
    """(CPU s per s, rate in Hz) of one run: the last line that the peer's script prints."""
    program = [args.auryn] if peer == "auryn" else [PYTHON, "-W", "ignore", HERE / f"snn_{peer}.py"]
    fields = output([*program, case, snn_cases.SIMULATED_MS[case]], args, scratch).strip().splitlines()[-1].split(",")
    return float(fields[0]), float(fields[1])


def run_own(case, args, scratch):
    """(CPU s per s, rate) on one thread."""
    rows = list(csv.DictReader(line for line in io.StringIO(output([ROOT / "build/bin/bench_snn", "--one-thread", case], args, scratch))
                               if not line.startswith("#")))
    return float(rows[0]["cpu_s_per_s"]), float(rows[0]["rate_Hz"])


def compare(case, peers, args, scratch):
    turns = {peer: [] for peer in (*peers, "callosum")}
    for _ in range(args.turns):
        for peer in list(turns):
            try:
                turns[peer].append(run_own(case, args, scratch) if peer == "callosum" else run_peer(peer, case, args, scratch))
            except (RuntimeError, OSError) as e:
                print(f"# {peer}, {case}: {e}", file=sys.stderr, flush=True)
                if not turns[peer]:
                    del turns[peer]
    own = [statistics.median(t) for t in zip(*turns.pop("callosum"))]
    for peer, results in turns.items():
        cost, rate = (statistics.median(t) for t in zip(*results))
        print(f"{case},{peer},{len(results)},{cost:.4g},{rate:.4g},{own[0]:.4g},{own[1]:.4g},{cost / own[0]:.2f}",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", nargs="+", default=list(snn_cases.CASES), choices=snn_cases.CASES)
    parser.add_argument("--peer", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--genn", help="folder that holds the package pygenn")
    parser.add_argument("--nest", help="folder that holds the package nest")
    parser.add_argument("--auryn", default=shutil.which("snn_auryn"), help="snn_auryn.cpp, compiled")
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--scratch", help="folder in which the programs that Brian 2 compiles are kept for the next time")
    args = parser.parse_args()
    processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                      if line.startswith("model name")), "unknown")
    print(f"# bench/peers/snn.py on {processor}, {os.cpu_count()} processors; medians of {args.turns} turns")
    print("case,peer,turns,peer_cpu_s_per_s,peer_rate_Hz,callosum_cpu_s_per_s,callosum_rate_Hz,ratio")
    with tempfile.TemporaryDirectory() as temporary:
        for case in args.case:
            peers = [p for p in args.peer if case in PEERS[p] and (p != "auryn" or args.auryn)]
            compare(case, peers, args, args.scratch or temporary)


if __name__ == "__main__":
    main()
