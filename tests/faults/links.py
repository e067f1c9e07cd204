"""Links that delay, lose, stall and are cut: a proxy of TCP in this program, and a link of packets (lossy_link.c) that carries the
kernel's own TCP between two network namespaces."""
import functools
import random
import re
import socket
import subprocess
import sys
import threading
import time

from hostile import new_key
from lossy_link import HOST_ADDRESS, Link
from support import Fault, case, finish

# ---- bytes --------------------------------------------------------------------------------------------------------------



class Proxy:
    """Passes bytes on, after `delay_s` and up to `jitter_s` more, not at all while `is_stalled`."""

    def __init__(self, port):
        self.port, self.delay_s, self.jitter_s, self.is_stalled = port, 0.0, 0.0, False
        self.sockets, self.random = [], random.Random(random.random())
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                front = self.listener.accept()[0]
                back = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                if self.listener.fileno() < 0:
                    return
                front.close()
                continue
            self.sockets += [front, back]
            for pair in (front, back), (back, front):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()

    def pump(self, source, target):
        try:
            while data := source.recv(65536):
                time.sleep(self.delay_s + self.jitter_s * self.random.random())
                while self.is_stalled:
                    time.sleep(0.01)
                target.sendall(data)
        except OSError:
            pass
        for s in source, target:
            s.close()

    def cut(self):
        sockets, self.sockets = self.sockets, []
        for s in sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
        self.cut()


@case("links that are cut, stall and jitter", 400)
def proxy(c, setup):
    for turn in range(6 if setup.is_long else 1):
        brain, out = setup.brain(1 + turn % 2, 2000 if setup.is_long else 1000), c.path(f"run{turn}")
        host = c.host(brain.file, out, "--slot", "all=remote", "--listen", "tcp://127.0.0.1:*", "--insecure")
        link = Proxy(int(c.endpoint(host)[0].rsplit(":", 1)[1]))
        workers = [c.worker(link.endpoint, f"w{i}") for i in range(2)]
        time.sleep(0.3)
        for trouble in random.sample(["cut", "cut", "stall", "long stall", "jitter"], 5 if setup.is_long else 2):
            if host.poll() is not None:
                break
            if trouble == "cut":
                link.cut()
            elif trouble == "jitter":
                link.delay_s, link.jitter_s = 0.02, 0.1
                time.sleep(1.5)
                link.delay_s = link.jitter_s = 0.0
            else:
                link.is_stalled = True
                time.sleep(0.3 if trouble == "stall" else 1.5)
                link.is_stalled = False
            c.count(f"{trouble}s")
            time.sleep(random.random() * 0.5)
        ended = finish(c, brain, host, out)
        link.close()
        for worker in workers:
            c.kill(worker)
        if not ended:
            raise Fault("the run stopped")


# ---- packets ------------------------------------------------------------------------------------------------------------

SEND = f"""import socket, time
s = socket.socket(type=socket.SOCK_DGRAM)
for i in [*range(300), *[-1] * 30]:
    time.sleep(0.001 if i >= 0 else 0.02)
    s.sendto(b"%d %d" % (i, time.monotonic_ns()), ("{HOST_ADDRESS}", 7))"""
RECEIVE = f"""import socket, time
s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("{HOST_ADDRESS}", 7)); s.settimeout(30); print("bound", flush=True)
while (i_t := list(map(int, s.recv(99).split())))[0] >= 0:
    print(i_t[0], (time.monotonic_ns() - i_t[1]) / 1e6, flush=True)"""


@case("the link of packets does what it says", 90)
def datagrams(c, setup):
    """300 datagrams through a link that loses, doubles and reorders them, twice, and through one that only delays them."""
    seed, came = random.getrandbits(32), []
    for state in ["loss=0.3,twice=0.3,jitter=20"] * 2 + ["delay=20"]:
        is_good, link = state == "delay=20", Link(setup.build, state, seed=seed)
        try:
            receiver = subprocess.Popen([*link.sides[0], sys.executable, "-c", RECEIVE], stdout=subprocess.PIPE, text=True)
            receiver.stdout.readline()
            subprocess.run([*link.sides[1], sys.executable, "-c", SEND], check=True, timeout=c.left())
            words = receiver.communicate(timeout=c.left())[0].split()
        finally:
            link.close()
        numbers, delays_ms = list(map(int, words[::2])), list(map(float, words[1::2]))
        n_lost, n_double = 300 - len(set(numbers)), len(numbers) - len(set(numbers))
        if is_good and (numbers != list(range(300)) or min(delays_ms) < 20):
            raise Fault(f"a link of 20 ms: {numbers} after {delays_ms} ms")
        # each copy is lost alone: 0.3 (0.7 + 0.3 0.3) = 24 % never come, 0.3 0.7 0.7 = 15 % come twice; 4 standard deviations
        if not is_good and (not 42 < n_lost < 101 or not 19 < n_double < 69 or numbers == sorted(numbers)):
            raise Fault(f"{n_lost} of 300 lost, {n_double} doubled: {numbers}")
        came.append(sorted(numbers))
    if came[0] != came[1]:
        raise Fault(f"one seed, two fates: {came}")


SETTING_UP, RUNNING = (3, 40), (100, 300)  # packets that have been sent when the trouble begins, of more than 2000
TROUBLES = [  # a link; its state meanwhile; when; the figures that must show it
    ("with 30 % loss and 100 ms jitter", "loss=0.3,jitter=100", RUNNING, ["packets lost", "packets overtaken"]),
    ("that reorders packets", "jitter=10", RUNNING, ["packets overtaken"]),
    ("that doubles and damages packets", "twice=0.3,damage=0.05", RUNNING, ["packets doubled", "packets damaged"]),
    ("that is cut for longer than the liveness", "loss=1", RUNNING, ["packets lost", "connections lost"]),
    ("that is cut while connections are made", "loss=1", SETTING_UP, ["packets lost"]),
    ("whose cable is pulled", "down", RUNNING, ["connections lost"]),
    ("of 0.5 ms", "delay=0.25", SETTING_UP, ["packets carried"]),
]


def allow(c, names):
    """Keys of host and workers: the words that they are started with."""
    folders = c.path("host_keys"), c.path("worker_keys")
    for name in names:
        c.run("keys", "allow", name, new_key(c, name, folders[1]), "--keys", folders[0])
    return ["--keys", folders[0]], ["--keys", folders[1]]


def troubled(c, setup, state, when, what):
    """Host and workers in two network namespaces, CURVE between them. After some packets the link is as `state` says, for longer
    than the liveness of five beats."""
    host_keys, worker_keys = allow(c, "ab")
    for turn in range(4 if setup.is_long else 1):
        brain, out = setup.brain(1 + turn % 2, 2000 if setup.is_long else 1000), c.path(f"run{turn}")
        beat, for_ms = ("1 s", 7000) if turn >= 2 else ("100 ms", 2000)
        states = f"packets={random.randint(*when)}", f"{state},for={for_ms}", "delay=0"
        link = Link(setup.build, *states, seed=random.getrandbits(32))
        try:
            host = c.host(brain.file, out, "--slot", "all=remote", "--listen", f"tcp://{HOST_ADDRESS}:*", "--beat", beat,
                          *host_keys, prefix=link.sides[0])
            endpoint, key = c.endpoint(host)
            workers = [c.worker(endpoint, name, "--host-key", key, *worker_keys, prefix=link.sides[1]) for name in "ab"]
            ended = finish(c, brain, host, out)
            for worker in workers:
                c.kill(worker)
                worker.wait()
        finally:
            figures = link.close()
        if not ended:
            raise Fault("the run stopped")
        meanwhile = {f"packets {name}": n for name, n in figures[1].items()} if len(figures) > 1 else {}
        meanwhile["connections lost"] = sum(c.text(w).count("no sign of the host") for w in workers)
        for name in what:
            if not meanwhile.get(name):
                raise Fault(f"no {name}: {figures}")
            c.count(name, meanwhile[name])


for link_name, *trouble in TROUBLES:
    case(f"a link {link_name}", 900)(functools.partial(lambda trouble, c, setup: troubled(c, setup, *trouble), trouble))


# ---- many ---------------------------------------------------------------------------------------------------------------


@case("64 workers over tcp with CURVE", 300)
def crowd(c, setup):
    """Each has a key of its own and takes one of 64 spiking regions."""
    names = [f"w{i}" for i in range(64)]
    brain, out = setup.brain(1, 400 if setup.is_long else 200, 100, 64), c.path("run")
    host_keys, worker_keys = allow(c, names)
    host = c.host(brain.file, out, "--slot", "all=remote", "--listen", "tcp://127.0.0.1:*", "--beat", "1 s", *host_keys)
    endpoint, key = c.endpoint(host)
    workers = [c.worker(endpoint, name, "--host-key", key, "--once", *worker_keys) for name in names]
    if not finish(c, brain, host, out):
        raise Fault("the run stopped")
    for worker in workers:
        c.wait(worker)
    c.count("workers", len(set(re.findall(r'^worker .* by (w\d+): computed', c.text(host), re.M))))
    if c.figures["workers"] != len(names):
        raise Fault("not each of them served a region")
