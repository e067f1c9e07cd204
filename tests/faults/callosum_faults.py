#!/usr/bin/python3
"""Faults: what happens to a run when workers, hosts, disks and links fail, or when somebody means harm.

    callosum_faults.py BUILD [--long] [--only WORD] [--seed N] [--keep FOLDER]

Each case disturbs runs of a small brain whose two spiking regions are computed by workers. It passes if run.h5 is that of the
undisturbed run in one process, byte for byte, or where the run may stop, if it stops with a named cause and goes on to the
same bytes. A case has a limit of time: nothing may hang. The short form takes about a minute and is a test of ctest; --long
kills 200 workers and 50 hosts. docs/reliability.md has its figures."""
import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import deaths  # noqa: E402, F401
import hostile  # noqa: E402, F401
import links  # noqa: E402, F401
from support import CASES, Brain, Case, Fault, Skip  # noqa: E402


class Setup:
    """What the command line says."""

    def __init__(self, arguments, scratch):
        self.is_long, self.scratch = arguments.long, scratch
        self.build = os.path.abspath(arguments.build)
        self.program = os.path.join(self.build, "bin", "callosum")
        self.brains = {}

    def brain(self, lag=1, duration_ms=1000, every_ms=50, n_spiking=2):
        key = (lag, duration_ms, every_ms, n_spiking)
        if key not in self.brains:
            self.brains[key] = Brain(self.program, self.scratch, *key)
        return self.brains[key]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", help="a folder for what failed cases leave")
    arguments = parser.parse_args()
    scratch = arguments.keep or tempfile.mkdtemp(prefix="callosum-faults-")
    os.makedirs(scratch, exist_ok=True)
    os.environ["CALLOSUM_KEYS"] = os.path.join(scratch, "keys")
    print(f"seed {arguments.seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    setup, n_failed = Setup(arguments, scratch), 0
    for name, limit_s, function in CASES:
        if arguments.only not in name:
            continue
        random.seed(f"{arguments.seed} {name}")
        c, begin, has_failed = Case(name, setup.program, scratch, limit_s), time.monotonic(), False
        try:
            function(c, setup)
            result = "ok"
        except Skip as skip:
            result = f"skipped: {skip}"
        except (Fault, AssertionError, OSError) as fault:
            has_failed, n_failed = True, n_failed + 1
            result = f"FAILED: {fault}"
        finally:
            c.close()
        if has_failed:
            result += "\n" + c.last_lines()
        if not has_failed or arguments.keep is None:
            shutil.rmtree(c.folder, ignore_errors=True)
        figures = "; ".join(f"{what}: {n}" for what, n in c.figures.items())
        print(f"{name:44} {time.monotonic() - begin:6.1f} s  {figures}{'; ' if figures else ''}{result}", flush=True)
    if arguments.keep is None:
        shutil.rmtree(scratch, ignore_errors=True)
    print("all passed" if n_failed == 0 else f"{n_failed} failed")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
