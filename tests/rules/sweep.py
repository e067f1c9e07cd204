#!/usr/bin/python3
"""A sweep that is killed (SIGKILL) at random moments and resumed leaves the bytes of one that was not; its rows are the
bits of single runs; sweep.h5 opens with xarray; the program's messages and exit statuses. Takes SOURCE BUILD; exit
status 77 where xarray is absent."""
import os
import random
import subprocess
import sys
import tempfile
import time

try:
    import h5py
    import numpy as np
    import xarray
    import netCDF4  # noqa: F401 (the engine)
except ImportError as error:
    print("skipped:", error)
    sys.exit(77)

SOURCE, BUILD = sys.argv[1:3]
PROGRAM = os.path.join(BUILD, "bin", "callosum")
FOLDER = os.path.join(SOURCE, "examples", "sweep")
EXPERIMENT = os.path.join(FOLDER, "experiment.yaml")
random.seed(7)


def run(*words, expected=0, text=""):
    done = subprocess.run([PROGRAM, "run", EXPERIMENT, *words], capture_output=True, text=True, timeout=300)
    printed = done.stdout + done.stderr
    assert done.returncode == expected, f"{words}: exit status {done.returncode}\n{printed}"
    assert text in printed, f"{words}: lacks {text!r}\n{printed}"
    return printed


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def check_example(scratch):
    """Rows are the bits of single runs, and everything has its name and unit."""
    out = os.path.join(scratch, "example")
    run("--sweep", os.path.join(FOLDER, "rows.csv"), "--out", out, text="6 of 6 runs")
    single = os.path.join(scratch, "single")
    run("--set", "coupling.gain=0.9", "--set", "run.seed=2", "--out", single)
    with xarray.open_dataset(os.path.join(out, "sweep.h5")) as sweep:
        assert sweep["S"].dims == ("run", "time_S", "region"), sweep["S"].dims
        assert sweep["S"].shape == (6, 1000, 20) and sweep["time_S"].attrs["units"] == "ms"
        assert list(sweep["run"].values) == [1, 2, 3, 4, 5, 6]
        assert list(sweep["subject"].values) == ["one"] * 3 + ["two"] * 3
        assert list(sweep["coupling.gain"].values) == [0.5, 0.9, 1.4] * 2
        assert list(sweep["status"].values) == ["ok"] * 6 and sweep["fc_mean"].attrs["units"] == "1"
        rows = sweep["S"].values
        # the table's figures, computed once more: after the transient of 2 s
        later = rows[:, sweep["time_S"].values > 2000.0, :]
        assert np.allclose(sweep["S.mean"].values, later.mean(axis=(1, 2)), rtol=1e-12)
        assert np.allclose(sweep["S.sd"].values, later.std(axis=(1, 2)), rtol=1e-9)
        fc = [np.corrcoef(x.T)[np.triu_indices(20, 1)].mean() for x in later]
        assert np.allclose(sweep["fc_mean"].values, fc, rtol=1e-9)
        assert (sweep["S.mean"].values[[1, 2, 4, 5]] > 0.7).all() and (sweep["S.mean"].values[[0, 3]] < 0.1).all()
    with h5py.File(os.path.join(single, "run.h5")) as file:
        assert np.array_equal(file["S"][:], rows[4]), "row 5 is not the single run"
    table = read(out, "table.csv").decode().splitlines()
    assert len(table) == 7 and table[0].startswith("run,subject,condition,coupling.gain,run.seed,status,S.mean (1),")
    run("--sweep", os.path.join(FOLDER, "rows.csv"), "--resume", out, text="nothing is left to do")
    run("--sweep", os.path.join(FOLDER, "rows.csv"), "--out", out, expected=2, text="holds a run already")


def check_messages(scratch):
    run("--table-only", expected=2, text="--table-only belongs to a sweep")
    run("--resume", scratch, expected=2, text="--resume belongs to a sweep")
    run("--sweep", "run.seed=1,2", "--resume", scratch, expected=2, text="holds no sweep")
    run("--sweep", "run.seed=1,2", "--resume", scratch, "--out", "x", expected=2, text="Leave --out away")
    run("--sweep", "run.seed=1,2", "--save-state", "x", expected=2, text="--save-state belongs to a single run")
    run("--sweep", "run.seed=1,2", "--check-step", expected=2, text="--check-step belongs to a single run")
    run("--sweep", "nothing.csv", expected=2, text="cannot open nothing.csv")
    out = os.path.join(scratch, "table")
    run("--sweep", "run.seed=1,2", "--table-only", "--out", out)
    assert not os.path.exists(os.path.join(out, "sweep.h5")) and len(read(out, "table.csv").splitlines()) == 3
    printed = run("--sweep", "run.seed=1,2", "--table-only", "--json", "--out", out + "2")
    assert '"is_complete": true' in printed and '"runs": 2' in printed


def check_failing(scratch):
    """A network that grows by orders of magnitude per delay: the run fails, the sweep goes on, the exit status says so."""
    out = os.path.join(scratch, "failing")
    words = ["--set", "models={column: {neural_mass: linear, parameters: {gamma: -0.1 1/ms}}}", "--set", "noise=[]", "--set", "record.signals[0].what=x"]
    printed = run("--sweep", "coupling.gain=0.001,1e9", "--out", out, *words, expected=1)
    assert "1 of 2 runs failed" in printed, printed
    with xarray.open_dataset(os.path.join(out, "sweep.h5")) as sweep:
        assert sweep["status"].values[0] == "ok" and "E302" in sweep["status"].values[1]
        assert np.isnan(sweep["x"].values[1]).all() and not np.isnan(sweep["x"].values[0]).any()


def check_kills(scratch):
    rows = ["--sweep", "coupling.gain=0.1..0.9 step 0.1 x run.seed=1..20", "--set", "run.duration=4 s", "--threads", "2"]
    whole = os.path.join(scratch, "whole")
    start = time.monotonic()
    run(*rows, "--out", whole)
    seconds = time.monotonic() - start
    n_kills = 0
    for trial in range(4):
        out = os.path.join(scratch, f"killed{trial}")
        where = ["--out", out]
        for _ in range(50):
            program = subprocess.Popen([PROGRAM, "run", EXPERIMENT, *rows, *where], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0.1, 0.6) * seconds)
            ended = program.poll() is not None
            program.kill()
            program.wait()
            if ended:
                assert program.returncode == 0, program.returncode
                break
            n_kills += 1
            if os.path.exists(os.path.join(out, "sweep.part")):
                where = ["--resume", out]
        else:
            raise AssertionError("no end after 50 kills: runs are not kept")
        for name in ("sweep.h5", "table.csv", "rows.csv"):
            assert read(out, name) == read(whole, name), f"{name} differs after kills"
        assert not os.path.exists(os.path.join(out, "sweep.part"))
    assert n_kills >= 4, n_kills
    print(n_kills, "kills of sweeps of", f"{seconds:.2f} s")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        check_example(scratch)
        check_messages(scratch)
        check_failing(scratch)
        check_kills(scratch)


main()
