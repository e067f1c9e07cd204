"""Deaths: workers and hosts that are killed or stand still, and disks that are full."""
import glob
import os
import random
import shutil
import signal
import subprocess
import time

from support import Fault, Skip, case, finish, is_running, workers_of

LAGS = [0, 2, 1]  # 0: a network of its own

# ---- deaths -------------------------------------------------------------------------------------------------------------


@case("kill -9 of local workers", 900)
def kill_local(c, setup):
    n_kills, total = 0, 140 if setup.is_long else 6
    turn = 0
    while n_kills < total:
        turn += 1
        brain, out = setup.brain(LAGS[turn % 3], 4000 if setup.is_long else 1000), c.path(f"run{turn}")
        host = c.host(brain.file, out, "--slot", "all=local", "--threads", random.choice("123"))
        time.sleep(random.random() * 0.3)
        while host.poll() is None and n_kills < total:
            pids = workers_of(host.pid)
            if pids:
                victim = random.choice(pids)
                n_kills += c.kill(victim)
            if random.random() < 0.2:  # its follower too, while it is built, restores or replays
                new = []
                end = time.monotonic() + 1.0
                while not new and host.poll() is None and time.monotonic() < end:
                    new = [pid for pid in workers_of(host.pid) if pid not in pids]
                time.sleep(random.random() * 0.1)
                n_kills += sum(c.kill(pid) for pid in new)
                c.count("of these the follower at once", len(new))
            time.sleep(random.choice([0.05, 1.0, 2.0]) * random.random() + 0.01)
            c.left()
        while not finish(c, brain, host, out):  # six deaths in a row without a window stop a run
            has_begun = os.path.exists(os.path.join(out, "manifest.json"))
            host = c.host(brain.file, out, "--slot", "all=local", verb="resume" if has_begun else "run")
        shutil.rmtree(out)
    c.count("workers killed", n_kills)


@case("kill -9 of remote workers", 400)
def kill_remote(c, setup):
    n_kills, total, turn = 0, 60 if setup.is_long else 3, 0
    while n_kills < total:
        turn += 1
        brain, out = setup.brain(LAGS[turn % 3], 4000 if setup.is_long else 1000), c.path(f"run{turn}")
        host = c.host(brain.file, out, "--slot", "all=remote", "--listen", "tcp://127.0.0.1:*", "--insecure")
        endpoint, _ = c.endpoint(host)
        workers = [c.worker(endpoint, f"w{i}") for i in range(3)]  # one more than there are slots
        time.sleep(0.3)
        while host.poll() is None and n_kills < total:
            time.sleep(random.choice([0.1, 0.6, 1.2]) * random.random())
            if host.poll() is None:
                victim = random.randrange(len(workers))
                n_kills += c.kill(workers[victim])
                workers[victim] = c.worker(endpoint, f"w{victim}")
            c.left()
        if not finish(c, brain, host, out):
            raise Fault("the run stopped")
        for worker in workers:
            c.kill(worker)
        shutil.rmtree(out)
    c.count("workers killed", n_kills)


@case("kill -9 of hosts", 900)
def kill_host(c, setup):
    n_kills, total, turn = 0, 50 if setup.is_long else 3, 0
    while n_kills < total:
        turn += 1
        brain, out = setup.brain(LAGS[turn % 3], 2000 if setup.is_long else 1000), c.path(f"run{turn}")
        verb, at_checkpoint = "run", 0
        while True:
            host = c.host(brain.file, out, "--slot", "all=local", verb=verb)
            if n_kills >= total:
                break
            if random.random() < 0.3:  # as soon as it writes a checkpoint
                while host.poll() is None and not glob.glob(os.path.join(out, "checkpoints", "*.tmp")):
                    time.sleep(0.0005)
                    c.left()
            else:
                time.sleep(random.choice([0.02, 0.4, 1.5]) * random.random())
            orphans = workers_of(host.pid)
            if host.poll() is not None:
                break
            c.kill(host)
            host.wait()
            n_kills += 1
            at_checkpoint += len(glob.glob(os.path.join(out, "checkpoints", "*.tmp"))) > 0
            c.until(lambda: not any(map(is_running, orphans)), "the end of workers without a host", 30.0)
            verb = "resume" if os.path.exists(os.path.join(out, "manifest.json")) else "run"
            if verb == "run":
                shutil.rmtree(out, ignore_errors=True)
        c.count("hosts killed inside of a checkpoint", at_checkpoint)
        c.wait(host)
        brain.compare(out)
        c.count("runs with equal bits")
        shutil.rmtree(out)
    c.count("hosts killed", n_kills)


# ---- stalls -------------------------------------------------------------------------------------------------------------


@case("workers that stand still", 600)
def stall(c, setup):
    """SIGSTOP for less than the liveness (0.5 s), for more, and for more than the slot is kept (1 s)."""
    for turn, pause_s in enumerate([0.2, 0.8, 2.5] * 4 if setup.is_long else [0.8, 2.5]):
        for where in ["local", "remote"] if setup.is_long else ["local" if turn == 0 else "remote"]:
            brain, out = setup.brain(1 + turn % 2), c.path(f"run{turn}{where}")
            host = c.host(brain.file, out, "--slot", f"all={where}", "--hold", "1 s", "--listen", "tcp://127.0.0.1:*", "--insecure")
            workers = []
            if where == "remote":
                endpoint, _ = c.endpoint(host)
                workers = [c.worker(endpoint, f"w{i}") for i in range(2)]
            c.until(lambda: workers or workers_of(host.pid) or host.poll() is not None, "local workers")
            time.sleep(0.1 + 0.4 * random.random())
            pids = [w.pid for w in workers] or workers_of(host.pid)
            if pids:
                victim = random.choice(pids)
                os.kill(victim, signal.SIGSTOP)
                time.sleep(pause_s)
                if is_running(victim):
                    os.kill(victim, signal.SIGCONT)
                c.count("pauses")
            if not finish(c, brain, host, out):
                raise Fault("the run stopped")
            for worker in workers:
                c.kill(worker)


@case("a worker lost under --when-lost stop", 30)
def stop_policy(c, setup):
    brain, out = setup.brain(1, 2000), c.path("run")
    host = c.host(brain.file, out, "--slot", "all=local", "--when-lost", "stop")
    c.until(lambda: glob.glob(os.path.join(out, "checkpoints", "*.ckpt")), "a checkpoint")
    c.kill(workers_of(host.pid)[0])
    if "E103" not in c.wait(host, (4,)):
        raise Fault("no cause was named")
    host = c.host(brain.file, out, "--slot", "all=local", verb="resume")
    finish(c, brain, host, out)


# ---- disks --------------------------------------------------------------------------------------------------------------


@case("a disk that is full during a checkpoint", 120)
def full_disk(c, setup):
    brain, disk = setup.brain(1, 2000), c.path("disk")
    os.makedirs(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], capture_output=True).returncode != 0:
        raise Skip("mounting a small disk needs root")
    try:
        out, filler = os.path.join(disk, "run"), os.path.join(disk, "filler")
        host = c.host(brain.file, out, "--slot", "all=local")
        c.until(lambda: host.poll() is not None or glob.glob(os.path.join(out, "checkpoints", "*.ckpt")), "a checkpoint")
        try:
            with open(filler, "wb", buffering=0) as file:
                for _ in range(10000):
                    file.write(b"\0" * 4096)
        except OSError:
            c.count("disks filled")
        text = c.wait(host, (0, 1))
        if "No space left" not in text:
            raise Fault("nothing was said about the full disk")
        os.remove(filler)
        host = c.host(brain.file, out, "--slot", "all=local", verb="resume")
        finish(c, brain, host, out)
    finally:
        c.close()
        subprocess.run(["umount", "-l", disk])
