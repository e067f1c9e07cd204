"""Links that delay, lose, stall and are cut: a proxy of TCP in this program, and tc netem between two network namespaces."""
import os
import random
import shutil
import socket
import subprocess
import threading
import time

from hostile import new_key
from support import Fault, Skip, case, finish


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


def system(*words, may_fail=False):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0 and not may_fail:
        raise Skip(f"`{' '.join(words)}` is not possible here: {done.stderr.strip()[:80]}")


class Cable:
    """Two network namespaces and the cable between them."""

    def __init__(self):
        if os.getuid() != 0 or shutil.which("tc") is None or shutil.which("ip") is None:
            raise Skip("network namespaces need root, ip and tc")
        self.names = [f"callosum{os.getpid()}{side}" for side in "ab"]
        a, b = self.names
        try:
            for name in self.names:
                system("ip", "netns", "add", name)
            system("ip", "link", "add", "va", "netns", a, "type", "veth", "peer", "name", "vb", "netns", b)
            for name, device, address in (a, "va", "10.77.0.1/24"), (b, "vb", "10.77.0.2/24"):
                system("ip", "-n", name, "addr", "add", address, "dev", device)
                system("ip", "-n", name, "link", "set", device, "up")
                system("ip", "-n", name, "link", "set", "lo", "up")
        except Skip:
            self.remove()
            raise

    def inside(self, side):
        return ["ip", "netns", "exec", self.names[side]]

    def disturb(self, seconds):
        """Loses 30 % of the packets, delays, reorders, doubles and damages; where the kernel has no netem, pulls the cable for
        30 % of the time, a moment each. True: it was netem."""
        end, netem = time.monotonic() + seconds, "delay 100ms 100ms loss 30% reorder 10% duplicate 5% corrupt 1%".split()
        try:
            for name, device in zip(self.names, ("va", "vb")):
                system("tc", "-n", name, "qdisc", "replace", "dev", device, "root", "netem", *netem)
        except Skip:
            while time.monotonic() < end:
                self.pull(True)
                time.sleep(0.06 * random.random())
                self.pull(False)
                time.sleep(0.14 * random.random())
            return False
        time.sleep(seconds)
        return True

    def heal(self):
        for name, device in zip(self.names, ("va", "vb")):
            system("tc", "-n", name, "qdisc", "del", "dev", device, "root", may_fail=True)

    def pull(self, is_out):
        system("ip", "-n", self.names[0], "link", "set", "va", "down" if is_out else "up")

    def remove(self):
        for name in self.names:
            system("ip", "netns", "del", name, may_fail=True)


@case("a cable with 30 % loss, one that is pulled", 400)
def netem(c, setup):
    """CURVE over a cable that loses packets, delays, reorders, doubles and damages them, and is pulled."""
    cable = Cable()
    try:
        host_keys, worker_keys = c.path("host_keys"), c.path("worker_keys")
        for name in "ab":
            c.run("keys", "allow", name, new_key(c, name, worker_keys), "--keys", host_keys)
        for turn in range(4 if setup.is_long else 1):
            brain, out = setup.brain(1 + turn % 2), c.path(f"run{turn}")
            host = c.host(brain.file, out, "--slot", "all=remote", "--listen", "tcp://10.77.0.1:*", "--keys", host_keys,
                          prefix=cable.inside(0))
            endpoint, key = c.endpoint(host)
            workers = [c.worker(endpoint, name, "--host-key", key, "--keys", worker_keys, prefix=cable.inside(1)) for name in "ab"]
            c.until(lambda: all("serves" in c.text(w) for w in workers), "two workers")
            time.sleep(0.2)
            was_netem = cable.disturb(8.0 if setup.is_long else 2.0)
            cable.heal()
            c.count("times with 30 % loss and 100 ms jitter" if was_netem else "times pulled for 30 % of some seconds (no netem here)")
            time.sleep(0.1)
            if host.poll() is None:
                cable.pull(True)
                time.sleep(2.0 if setup.is_long else 0.8)
                cable.pull(False)
                c.count("cables pulled")
            if not finish(c, brain, host, out):
                raise Fault("the run stopped")
            for worker in workers:
                c.kill(worker)
                worker.wait()
    finally:
        cable.remove()
