#!/usr/bin/python3
"""A recording that is killed (SIGKILL) at random moments holds all windows up to the last flush, and
opens with xarray as it is. Takes SOURCE BUILD; exit status 77 where xarray is absent."""
import os
import random
import signal
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

N_REGIONS, PER_WINDOW, N_SPIKES, WINDOW_MS = 64, 25, 300, 5.0
BUILD = sys.argv[2]
random.seed(4)


def record_and_kill(path, flush_ms, seconds):
    """Returns the number of windows that the program reported as safe before it died."""
    program = subprocess.Popen([os.path.join(BUILD, "tests", "threads_recording_writer"), path, str(flush_ms)],
                               stdout=subprocess.PIPE)
    os.set_blocking(program.stdout.fileno(), False)
    text, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        text += program.stdout.read() or b""
        time.sleep(0.001)
    program.send_signal(signal.SIGKILL)
    program.wait()
    text += program.stdout.read() or b""
    lines = text.split(b"\n")[:-1]
    return int(lines[-1]) if lines else 0


def check(path, n_safe):
    """All rows and spikes up to the committed time, with names, units and exact values."""
    with xarray.open_dataset(path) as run:
        n = int(run.attrs["committed_ns"] / 1e6 / WINDOW_MS)
        assert n >= n_safe, f"{n} windows are in the file, {n_safe} were reported as safe"
        assert run.attrs["complete"] == 0 and run.attrs["format"] == "callosum-run"
        rate = run["rate"]
        assert rate.dims == ("time_rate", "region"), rate.dims
        assert rate.attrs["units"] == "Hz" and rate.attrs["long_name"] == "firing rate"
        assert run["time_rate"].attrs["units"] == "ms"
        assert list(run["region"].values[:2]) == ["region 0", "region 1"], run["region"].values[:2]
        rows = n * PER_WINDOW
        assert rate.sizes["time_rate"] >= rows, (rate.sizes, rows)
        exact = np.arange(rows)[:, None] + np.arange(N_REGIONS)[None, :] / 64.0
        assert np.array_equal(rate.values[:rows], exact), "wrong rows"
        times = WINDOW_MS / PER_WINDOW * np.arange(1, rows + 1)
        assert np.allclose(run["time_rate"].values[:rows], times, rtol=1e-15, atol=0)
        if rows:
            assert np.array_equal(rate.sel(region="region 3").values[:rows], exact[:, 3])
    with h5py.File(path) as run:
        group = run["spikes/CA1 left.E"]
        kind = group.attrs.get_id("sorting").dtype
        names = h5py.check_enum_dtype(kind)
        assert names == {"none": 0, "by_id": 1, "by_time": 2}, names
        assert group.attrs["sorting"] == 2
        assert group["timestamps"].dtype == np.float64 and group["node_ids"].dtype == np.uint64
        assert group["timestamps"].attrs["units"] == b"ms"
        times = group["timestamps"][: n * N_SPIKES]
        ids = group["node_ids"][: n * N_SPIKES]
        assert len(times) == len(ids) == n * N_SPIKES
        k, i = np.divmod(np.arange(n * N_SPIKES), N_SPIKES)
        assert np.array_equal(times, (k * 5000000 + 1000 * (i + 1)) / 1e6)
        assert np.array_equal(ids, (i + k) % N_SPIKES)
        assert run["spikes/CA1 left.I/timestamps"].shape == (0,)
        assert run["spikes/CA1 left.I/node_ids"].shape == (0,)
    with xarray.open_dataset(path, group="connectome") as wiring:
        assert wiring["labels"].values[-1] == "region 63"
    return n


def main():
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        for trial in range(24):
            path = os.path.join(folder, f"run{trial}.h5")
            flush_ms = (0, 2, 50)[trial % 3]
            n_safe = record_and_kill(path, flush_ms, random.uniform(0.05, 0.3))
            if os.path.getsize(path) == 0 and n_safe == 0:
                continue  # killed before the recording started
            counts.append(check(path, n_safe))
            os.remove(path)
    assert len(counts) > 12 and max(counts) > 50, counts
    print(len(counts), "killed runs opened, windows:", counts)


main()
