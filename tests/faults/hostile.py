"""Hostile input: strangers at the host's door, workers that break the protocol, and a man in the middle who changes, repeats and
loses messages. A run is served by real workers all the while, or after the hostile one is gone; its bits stay the same."""
import os
import random
import socket
import struct
import threading
import time
import zlib

from support import SLOTS, Fault, Skip, case, finish, memory_mb

try:
    import msgpack
    import zmq
except ImportError:
    msgpack = zmq = None

HELLO, WELCOME, REFUSE, CONFIGURE, READY, STEP, OUTPUT = 1, 2, 3, 4, 6, 10, 11
CHUNK, SNAPSHOT, SNAPSHOT_DONE, PING, PONG, ERROR, BYE = 21, 20, 23, 40, 41, 50, 51
DIGESTED = {STEP, OUTPUT, CHUNK}


def need_zmq():
    if zmq is None:
        raise Skip("it needs python3-zmq and python3-msgpack")


class Peer:
    """A worker that says what it is told to say."""

    def __init__(self, endpoint):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(endpoint)
        self.n = self.session = self.incarnation = 0

    def send(self, kind, body, blobs=(), **more):
        self.n += 1
        packed = msgpack.packb(body)
        header = {"v": 1, "t": kind, "s": self.session, "e": self.incarnation, "n": self.n, **more}
        if kind in DIGESTED:
            digest = zlib.crc32(packed)
            for blob in blobs:
                digest = zlib.crc32(blob, digest)
            header.setdefault("d", digest)
        self.socket.send_multipart([msgpack.packb(header), packed, *blobs])

    def receive(self, kinds, limit_s=5.0):
        """The next message of these kinds; PING is answered."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if not self.socket.poll(50):
                continue
            frames = self.socket.recv_multipart()
            header, body = msgpack.unpackb(frames[0]), msgpack.unpackb(frames[1], strict_map_key=False)
            if header["t"] == PING:
                self.send(PONG, {"clock": body["clock"]}, r=header["n"])
            if header["t"] == WELCOME:
                self.session, self.incarnation = header["s"], header["e"]
            if header["t"] in kinds:
                return header, body
        raise Fault(f"no message of the kinds {kinds} came to a hostile worker")

    def hello(self, slot=None, low=1, high=1, **more):
        body = {"min": low, "max": high, "name": "mallory", "version": "1", "language": "Python",
                "caps": {"models": ["callosum-network"], "ports": ["rate"], "step_ns": {"min": 1, "max": 10 ** 9},
                         "snapshot": "portable", "deterministic": True, "async_ping": True, "device": "none"}, **more}
        if slot:
            body["slot"] = slot
        self.send(HELLO, body)

    def take_slot(self, slot, until=STEP):
        """Takes a slot as an honest worker would, up to the first STEP."""
        self.hello(slot)
        if self.receive({WELCOME, REFUSE})[0]["t"] == REFUSE:
            return None
        body = self.receive({CONFIGURE})[1]
        self.send(READY, {"digest": body["digest"], "step_ns": 100000, "memory_bytes": 1, "neurons": 1, "synapses": 1,
                          "model": "none"})
        return self.receive({until})

    def close(self):
        self.socket.close()
        self.context.term()


def array(shape, values):
    data = struct.pack("<BBH", 10, len(shape), 0) + struct.pack(f"<{len(shape)}I", *shape)
    return msgpack.ExtType(1, data + struct.pack(f"<{len(values)}d", *values))


def serve(c, setup, out, lag=1, *more):
    brain = setup.brain(lag)
    host = c.host(brain.file, c.path(out), "--slot", "all=remote", "--listen", "tcp://127.0.0.1:*", "--insecure", *more)
    return brain, host, c.endpoint(host)[0]


def wrong_window(peer, header):
    peer.send(OUTPUT, {"t0_ns": 0, "t1_ns": 1, "out": {}}, k=header["k"] + 3, r=header["n"])


def wrong_digest(peer, header):
    peer.send(OUTPUT, {"t0_ns": 0, "t1_ns": 1, "out": {}}, k=header["k"], d=1)


def random_bytes(peer, header):
    peer.socket.send_multipart([random.randbytes(40), random.randbytes(200)])


def other_session(peer, header):
    peer.session += 1
    peer.send(OUTPUT, {"t0_ns": 0, "t1_ns": 1, "out": {}}, k=header["k"])


def chunk_unasked(peer, header):
    peer.send(CHUNK, {"number": 7, "offset": 0, "data": msgpack.ExtType(1, struct.pack("<BBHI", 2, 1, 0, 4) + b"evil")})


def snapshot_unasked(peer, header):
    peer.send(SNAPSHOT_DONE, {"number": 7, "size": 4, "sha256": "0" * 64, "model": "none"}, k=0)


def skipped_number(peer, header):
    peer.n += 5
    peer.send(PING, {"clock": 1})


def goodbye(peer, header):
    peer.send(BYE, {"reason": "user"})


def unreadable(peer, header):
    peer.send(ERROR, {"code": "E106", "severity": "fatal", "text": "no", "hint": ""})


@case("workers that break the protocol", 240)
def breakers(c, setup):
    """One after the other takes a slot, does its worst at the first STEP, and an honest worker goes on."""
    need_zmq()
    evils = [wrong_window, wrong_digest, random_bytes, other_session, chunk_unasked, snapshot_unasked, skipped_number, goodbye,
             unreadable]
    for turn, evil in enumerate(evils if setup.is_long else random.sample(evils, 3)):
        brain, host, endpoint = serve(c, setup, f"run{turn}", 1 + turn % 2)
        other = c.worker(endpoint, "honest", "--slot", SLOTS[1])
        peer = Peer(endpoint)
        taken = c.until(lambda: peer.take_slot(SLOTS[0]), "taking a slot", 20.0)
        evil(peer, taken[0])
        time.sleep(0.2)
        peer.close()
        worker = c.worker(endpoint, "honest", "--slot", SLOTS[0])
        if not finish(c, brain, host, c.path(f"run{turn}")):
            raise Fault(f"the run stopped after {evil.__name__}")
        c.count("hostile workers")
        c.kill(worker), c.kill(other)


@case("a worker that always breaks the protocol", 60)
def breaker_for_ever(c, setup):
    need_zmq()
    brain, host, endpoint = serve(c, setup, "run")
    c.worker(endpoint, "honest", "--slot", SLOTS[1])
    while host.poll() is None:
        peer = Peer(endpoint)
        try:
            taken = peer.take_slot(SLOTS[0])
            if taken is not None:
                wrong_window(peer, taken[0])
                peer.receive({ERROR})
        except Fault:
            if host.poll() is None:
                raise
        peer.close()
        c.left()
    if "E304" not in c.wait(host, (1, 4)):
        raise Fault("no cause was named")


@case("two claims to one slot, other versions", 120)
def claims(c, setup):
    need_zmq()
    brain, host, endpoint = serve(c, setup, "run")
    first, peer = c.worker(endpoint, "first", "--slot", SLOTS[0]), Peer(endpoint)
    c.until(lambda: "serves" in c.text(first), "the first worker")
    peer.hello(SLOTS[0])
    if peer.receive({WELCOME, REFUSE})[1].get("code") != "E103":
        raise Fault("a slot was given away twice")
    for low, high, code in [(2, 3, "E101"), (0, 0, "E106"), (1, 9, "E103")]:
        peer.close()
        peer = Peer(endpoint)
        peer.hello(SLOTS[0], low, high)
        try:
            answer = peer.receive({WELCOME, REFUSE}, 1.0)[1]
        except Fault:
            answer = {"code": "E106"}  # what cannot be read is dropped
        if answer.get("code") != code:
            raise Fault(f"versions {low} to {high}: {answer}")
        c.count("claims refused")
    peer.close()
    c.worker(endpoint, "second", "--slot", SLOTS[0])  # waits until the first is gone
    time.sleep(0.3)
    c.kill(first)
    c.worker(endpoint, "third", "--slot", SLOTS[1])
    if not finish(c, brain, host, c.path("run")):
        raise Fault("the run stopped")


def knock(address, data):
    try:
        with socket.create_connection(address, 2.0) as s:
            s.settimeout(0.2)
            s.sendall(data)
            s.recv(100)
    except OSError:
        pass


GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16) + bytes(32)


@case("strangers at the door", 240)
def strangers(c, setup):
    """A port scanner, random bytes, connections that say nothing, HELLO without end, messages of nobody."""
    need_zmq()
    brain, host, endpoint = serve(c, setup, "run")
    port = int(endpoint.rsplit(":", 1)[1])
    address, silent = ("127.0.0.1", port), []
    for _ in range(1000 if setup.is_long else 200):
        s = socket.socket()
        s.settimeout(5.0)
        s.connect(address)
        silent.append(s)
    for _ in range(200 if setup.is_long else 20):
        knock(address, random.choice([b"", b"GET / HTTP/1.0\r\n\r\n", GREETING, GREETING + random.randbytes(300),
                                      random.randbytes(random.randrange(2000))]))
    c.count("silent connections", len(silent))
    before = memory_mb(host.pid)
    peers, floods = [Peer(endpoint) for _ in range(4)], 20000 if setup.is_long else 2000
    for i in range(floods):
        peer = peers[i % 4]
        if i % 3 == 0:
            peer.hello("no such region")
        elif i % 3 == 1:
            peer.session, peer.incarnation = random.getrandbits(60), 1
            peer.send(OUTPUT, {"t0_ns": 0, "t1_ns": 1, "out": {}}, k=i)
        else:
            peer.socket.send_multipart([random.randbytes(30)] * random.randrange(1, 90))
    c.count("messages of strangers", floods)
    workers = [c.worker(endpoint, f"w{i}") for i in range(2)]
    time.sleep(0.3)
    if host.poll() is None:
        c.figures["memory grew by (MB)"] = round(memory_mb(host.pid) - before, 1)
        if memory_mb(host.pid) - before > 100:
            raise Fault("the memory of the host grows without bound")
    if not finish(c, brain, host, c.path("run")):
        raise Fault("the run stopped")
    for peer in peers:
        peer.close()
    for s in silent:
        s.close()
    for worker in workers:
        c.kill(worker)


def new_key(c, name, folder):
    return c.run("keys", "new", name, "--keys", folder).split("public key:")[1].split()[0]


@case("wrong and revoked keys", 120)
def keys(c, setup):
    brain, out = setup.brain(1, 2000), c.path("run")
    host_keys, worker_keys = c.path("host_keys"), c.path("worker_keys")
    for name in ["good", "better", "revoked"]:
        c.run("keys", "allow", name, new_key(c, name, worker_keys), "--keys", host_keys)
    new_key(c, "stranger", worker_keys)
    host = c.host(brain.file, out, "--slot", "all=remote", "--listen", "tcp://127.0.0.1:*", "--keys", host_keys)
    endpoint, key = c.endpoint(host)
    attach = ["--host-key", key, "--keys", worker_keys]
    stranger, revoked = c.worker(endpoint, "stranger", *attach), c.worker(endpoint, "revoked", *attach)
    good = c.worker(endpoint, "good", *attach)
    c.until(lambda: "serves" in c.text(revoked) and "serves" in c.text(good), "two allowed workers")
    time.sleep(0.2)
    c.run("keys", "revoke", "revoked", "--keys", host_keys)
    c.until(lambda: host.poll() is not None or "revoked" in c.text(host), "noticing that a key was revoked")
    better = c.worker(endpoint, "better", *attach)
    if not finish(c, brain, host, out):
        raise Fault("the run stopped")
    if "serves" in c.text(stranger):
        raise Fault("a stranger was let in")
    for worker in [stranger, revoked, good, better]:
        c.kill(worker)


class Relay(threading.Thread):
    """A man in the middle of plaintext links: each message passes, is lost, comes twice, or is changed."""

    def __init__(self, endpoint, share):
        super().__init__(daemon=True)
        self.context, self.target, self.share = zmq.Context(), endpoint, share
        self.front = self.context.socket(zmq.ROUTER)
        self.endpoint = f"tcp://127.0.0.1:{self.front.bind_to_random_port('tcp://127.0.0.1')}"
        self.random, self.n_evil, self.is_over = random.Random(random.random()), 0, False

    def pass_on(self, send, frames):
        if self.random.random() >= self.share:
            return send(frames)
        self.n_evil += 1
        way = self.random.randrange(3)
        if way == 1:
            send(frames)
        if way == 2 and len(frames[-1]) > 0:
            changed = bytearray(frames[-1])
            changed[self.random.randrange(len(changed))] ^= 1 << self.random.randrange(8)
            frames = [*frames[:-1], bytes(changed)]
        if way > 0:
            send(frames)

    def run(self):
        poller, backs = zmq.Poller(), {}
        poller.register(self.front, zmq.POLLIN)
        while not self.is_over:
            for ready, _ in poller.poll(100):
                frames = ready.recv_multipart()
                if ready is not self.front:
                    name = next(name for name, back in backs.items() if back is ready)
                    self.pass_on(lambda f: self.front.send_multipart([name, *f]), frames)
                    continue
                name = frames.pop(0)
                if name not in backs:
                    backs[name] = self.context.socket(zmq.DEALER)
                    backs[name].setsockopt(zmq.LINGER, 0)
                    backs[name].connect(self.target)
                    poller.register(backs[name], zmq.POLLIN)
                self.pass_on(backs[name].send_multipart, frames)
        self.context.destroy(linger=0)


@case("a man in the middle", 400)
def middle(c, setup):
    need_zmq()
    for turn in range(6 if setup.is_long else 1):
        brain, host, endpoint = serve(c, setup, f"run{turn}", 1 + turn % 2)
        relay = Relay(endpoint, 0.01)
        relay.start()
        workers = [c.worker(relay.endpoint, f"w{i}") for i in range(2)]
        ended = finish(c, brain, host, c.path(f"run{turn}"))
        relay.is_over = True
        relay.join()
        c.count("messages lost, doubled or changed", relay.n_evil)
        for worker in workers:
            c.kill(worker)
        if not ended:
            raise Fault("the run stopped")
