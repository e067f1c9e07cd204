#!/usr/bin/python3
"""The Python package of foreign workers: its codec against the golden bytes, its tables against protocols/messages.def, its answers
to a host that behaves well, badly and not at all. Takes SOURCE BUILD; 77 without python3-zmq and python3-msgpack."""
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

SOURCE, BUILD = (pathlib.Path(path) for path in sys.argv[1:3])
try:
    import msgpack
    import numpy as np
    import zmq
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)
sys.path.insert(0, str(SOURCE / "python"))
sys.dont_write_bytecode = True
import callosum_worker  # noqa: E402
from callosum_worker import codec, keys, messages, model  # noqa: E402
from callosum_worker.worker import Worker  # noqa: E402

failures = []


def check(is_true, what):
    if not is_true:
        print("FAILED:", what)
        failures.append(what)


def raises(function, *arguments, code=None):
    try:
        function(*arguments)
    except messages.Problem as problem:
        return code is None or problem.code == code
    return False


# ---- bytes -------------------------------------------------------------------------------------------------------------------


def golden():
    """[(sender, name, [frames])] of tests/golden/protocol.txt."""
    found, parts = [], None
    for line in (SOURCE / "tests/golden/protocol.txt").read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line[0] in "HW":
            parts = []
            found.append((*line.split(), parts))
            continue
        words = line.split()
        if words[0] in ("header", "body", "blob"):
            parts.append("")
        parts[-1] += words[-1]
    return [(sender, name, [bytes.fromhex(part) for part in parts]) for sender, name, parts in found]


def test_golden_bytes():
    everything = golden()
    check(len(everything) >= 25 and {name for _, name, _ in everything} == set(messages.NUMBERS), "the golden run has all messages")
    for sender, name, frames in everything:
        try:
            m = codec.read_message(frames)
        except messages.Problem as problem:
            check(False, f"{name} is read: {problem}")
            continue
        check(m.type == name and m.number == m.head["n"], f"{name} is what it is")
        if len(frames) > 2:
            continue  # the golden run puts six bytes into a blob; this writer takes blobs above 4 KiB
        check(codec.pack_body(m.body) == frames[1:], f"{name}: the body is written as it was read")
        head = {key: m.head[key] for key in "rkd" if key in m.head}
        check(codec.pack_header(name, m.head["s"], m.head["e"], m.head["n"], **head) == frames[0], f"{name}: so is the header")


def test_blobs():
    big, small = np.arange(3000.0).reshape(3, 1000), np.arange(4, dtype=np.uint32)
    frames = codec.pack_body({"offset": 0, "number": 1, "data": np.zeros(5000, np.uint8), "x": big, "y": small, "z": [big.T]})
    check(len(frames) == 4, "arrays above 4 KiB travel in blobs")
    head = codec.pack_header("CHUNK", 1, 1, 1, d=codec.digest(frames))
    body = codec.read_message([head] + frames).body
    check((body["x"] == big).all() and (body["y"] == small).all() and (body["z"][0] == big.T).all(), "and come back")
    check(raises(codec.read_message, [head] + frames + [b"x"]), "a blob of no array is refused")
    check(raises(codec.read_message, [head] + frames[:3]), "a missing blob is refused")
    frames[1] = bytes([frames[1][0] ^ 1]) + frames[1][1:]
    check(raises(codec.read_message, [head] + frames, code="E106"), "a flipped bit is seen by the digest")


def test_malformed():
    head = codec.pack_header("PING", 1, 1, 1)
    good = {"clock": 1}
    check(codec.read_message([head, msgpack.packb(good)]).body == good, "a PING is read")
    check(codec.read_message([head, msgpack.packb(dict(good, new=1))]).body["clock"] == 1, "unknown keys are ignored")
    deep = good
    for _ in range(16):
        deep = {"a": deep}
    for what, body in {
        "no map": msgpack.packb([1]), "trailing bytes": msgpack.packb(good) + b"\x00", "nothing": b"", "cut": b"\x81\xa5clo",
        "a missing key": msgpack.packb({}), "a negative clock": msgpack.packb({"clock": -1}), "a real": msgpack.packb({"clock": 1.0}),
        "raw bytes": msgpack.packb(dict(good, x=b"y")), "a deep map": msgpack.packb(dict(good, x=deep)),
        "a key twice": b"\x82\xa1a\x01\xa1a\x01", "a key that is no text": b"\x81\x01\x01", "a time": msgpack.packb(msgpack.Timestamp(1)),
        "a control character": msgpack.packb(dict(good, x="a\x1bb")), "broken UTF-8": b"\x82\xa5clock\x01\xa1x\xa1\xff",
        "a foreign extension": msgpack.packb(dict(good, x=msgpack.ExtType(7, b"abcd"))),
        "an array of wrong size": msgpack.packb(dict(good, x=msgpack.ExtType(1, b"\x0a\x01\0\0\x02\0\0\0" + 8 * b"\0"))),
        "an array of huge dims": msgpack.packb(dict(good, x=msgpack.ExtType(1, b"\x02\x08\0\0" + 8 * b"\xff\xff\xff\xff"))),
        "a long text": msgpack.packb(dict(good, x=65537 * "a")), "a long list": b"\x81\xa1x\xdd\xff\xff\xff\xff",
    }.items():
        check(raises(codec.read_message, [head, body], code="E106"), f"{what} is malformed")
    check(raises(codec.read_message, [msgpack.packb({"v": 2, "t": 40, "s": 1, "e": 1, "n": 1}), msgpack.packb(good)], code="E101"),
          "another version")
    demand = msgpack.packb({"v": 1, "t": 40, "s": 1, "e": 1, "n": 1, "m": ["clock", "zone"]})
    check(raises(codec.read_message, [demand, msgpack.packb(dict(good, zone=1))], code="E105"), "a key that must be understood")
    check(raises(codec.read_message, [head, msgpack.packb(good), b"", b"", b""], True), "a greeting has at most four frames")
    generator = np.random.default_rng(3)
    for _, name, frames in golden():
        for _ in range(200):  # damaged frames are read or Malformed, nothing else
            copy = [bytearray(frame) for frame in frames]
            victim = copy[generator.integers(len(copy))]
            for at in generator.integers(len(victim), size=generator.integers(1, 4)):
                victim[at] = generator.integers(256)
            try:
                codec.read_message([bytes(frame) for frame in copy])
            except codec.Malformed:
                pass


def test_tables():
    """messages.py says of each message from the host what messages.def says."""
    text = (SOURCE / "protocols/messages.def").read_text()
    found = re.findall(r'^CAL_MESSAGE\((\d+), (\w+), "[^"]*", [^,]+, [^,]+, "(\w*)"', text, re.M)
    check({name: int(number) for number, name, _ in found} == messages.NUMBERS, "the numbers of the messages")
    check({name: head for _, name, head in found if head} == messages.HEAD, "the keys of the headers")
    constants = {"INT64_MIN": -(2**63), "INT64_MAX": 2**63 - 1, "UINT32_MAX": 2**32 - 1, "UINT64_MAX": 2**64 - 1}

    def kind_of(word):
        name, arguments = re.fullmatch(r"(\w+)(?:\((.*)\))?", word).groups()
        if name in ("UINT", "INT"):
            return tuple(constants.get(w.strip()) or int(w) for w in arguments.split(","))
        if name == "CHOICE":
            return arguments.strip('"')
        return arguments.split(",")[0].lower() if name == "ARRAY" else name.lower()

    pattern = r'^CAL_FIELD\((\w+), (\d), (MUST|MAY), "([^"]+)", (\w+(?:\([^)]*\))?),'
    tables, path = {}, []
    for message, level, need, key, kind in re.findall(pattern, text, re.M):
        if message not in messages.FIELDS:
            continue
        table = tables.setdefault(message, {})
        del path[int(level) - 1:]
        for step in path:
            if isinstance(table, dict):
                table = table.get(step, table.get(step + "?"))
        path.append(key)
        if key == "[]" and message == "CONFIGURE":
            tables["port"], path = {}, ["port"]
            continue
        if path[0] == "port":
            tables["port"][key + ("?" if need == "MAY" else "")] = kind_of(kind)
        elif isinstance(table, dict) and key not in ("[]", "*"):
            name = key + ("?" if need == "MAY" else "")
            has_members = kind == "MAP" and isinstance(messages.FIELDS[message].get(name), dict)
            table[name] = {} if has_members else kind_of(kind)
    for name, table in messages.FIELDS.items():
        check(tables.get(name) == table, f"the fields of {name}: {tables.get(name)} in messages.def, {table} in messages.py")


def test_values():
    for value, unit, wanted in (("20 ms", "ms", 20.0), ("0.1 mV", "mV", 0.1), (3, "Hz", 3.0), ("2 s", "ms", 2000.0),
                                ("1e3 pA", "nA", 1.0), ("5 %", "1", 0.05), ("1 kHz", "Hz", 1000.0)):
        check(abs(model.convert(value, unit) - wanted) < 1e-12 * abs(wanted), f"{value} is {wanted} {unit}")
    for value, unit in (("20 mV", "ms"), ("20", "ms"), ("fast", "ms"), (True, "1"), ([1], "1")):
        try:
            model.convert(value, unit)
            check(False, f"{value} is no number in {unit}")
        except ValueError:
            pass


def test_keys(folder):
    """The folder of keys is the one that `callosum keys` keeps."""
    folder = os.path.join(folder, "keys")
    environment = dict(os.environ, CALLOSUM_KEYS=folder)
    program = [BUILD / "bin/callosum", "keys"]
    subprocess.run([*program, "new", "by-program"], env=environment, check=True, stdout=subprocess.DEVNULL)
    public, secret = keys.pair(folder, "by-program")
    check(zmq.curve_public(secret.encode()).decode() == public, "a pair that the program made is read")
    public, _ = keys.pair(folder, "by-python")
    check(keys.pair(folder, "by-python")[0] == public, "a pair is made once")
    listed = subprocess.run([*program, "list"], env=environment, check=True, capture_output=True, text=True).stdout
    check("by-python" in listed and public in listed, f"the program reads a pair that Python made: {listed}")
    os.chmod(os.path.join(folder, "pairs", "by-python"), 0o644)
    try:
        keys.pair(folder, "by-python")
        check(False, "a secret key that others may read is refused")
    except keys.KeysError:
        pass


def test_command_line(folder):
    """What cannot work is said in a line, with status 1 or 2 and no traceback."""
    worker = [sys.executable, SOURCE / "examples/workers/numpy_lif.py"]
    for words, wanted in ((["tcp://192.0.2.1:7711"], "needs --host-key"), (["tcp://host.example:7711"], "needs --host-key"),
                          (["nowhere"], "nowhere: "), (["tcp://127.0.0.1:x"], "tcp://127.0.0.1:x: "), ([], "endpoint"),
                          (["tcp://127.0.0.1:1", "--host-key", "short"], "no public key"),
                          (["tcp://127.0.0.1:1", "--host-key", 40 * "a", "--name", "../x", "--keys", folder], "no name for a key")):
        done = subprocess.run([*worker, *words, "--once"], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
        check(done.returncode in (1, 2) and wanted in done.stderr and "Traceback" not in done.stderr, f"{words}: {done.stderr}")


# ---- a host --------------------------------------------------------------------------------------------------------------------


class Host:
    """A host for one worker, as simple as can be; `received` has all but PING and PONG."""

    def __init__(self, folder, beat_ms=200):
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.router_mandatory = 1
        self.endpoint = f"ipc://{folder}/host{time.monotonic_ns()}"
        self.socket.bind(self.endpoint)
        self.session, self.incarnation, self.beat_ms, self.n_pings = 77, 1, beat_ms, 0

    def receive(self, wait_s=10.0):
        end = time.monotonic() + wait_s
        while self.socket.poll(max(0, int(1000 * (end - time.monotonic())))):
            peer, *frames = self.socket.recv_multipart()
            m = codec.read_message(frames)
            if m.type == "HELLO":
                self.peer, self.n_sent, self.n_received = peer, 0, 0
            self.n_received += 1
            check(peer != self.peer or m.number == self.n_received, f"{m.type} has number {self.n_received}")
            if m.type == "PING":
                self.n_pings += 1
                self.send("PONG", {"clock": m.body["clock"]}, r=m.number)
            elif m.type not in ("PONG", "PROGRESS"):
                return m
        return None

    def send(self, name, body, session=None, number=None, frames=None, **header):
        self.n_sent += 1
        frames = codec.pack_body(body) if frames is None else frames
        if name in ("STEP", "CHUNK"):
            header.setdefault("d", codec.digest(frames))
        session = self.session if session is None else session
        head = codec.pack_header(name, session, self.incarnation, number or self.n_sent, **header)
        try:
            self.socket.send_multipart([self.peer, head] + frames)
        except zmq.ZMQError:
            check(name == "PONG", "only a late PONG finds nobody")

    def ask(self, name, body, **header):
        self.send(name, body, **header)
        answer = self.receive()
        check(answer is not None, f"{name} is answered")
        return answer

    def welcome(self, **more):
        hello = self.receive()
        limits = {"frame": 1 << 20, "message": 1 << 22, "chunk": 4096}
        self.send("WELCOME", {"v": 1, "slot": "L.x", "beat_ms": self.beat_ms, "liveness": 5, "hold_s": 30, "limits": limits, **more})
        return hello

    def configure(self, parameters=None, ports=None, name="toy", window_ns=1000000, step_ns=100000, piece=None, **wrong):
        port = {"kind": "rate", "unit": "Hz", "channels": 2, "samples": 5}
        ports = ports or [dict(port, name="drive", dir="in"), dict(port, name="rate", dir="out"),
                          {"name": "in", "dir": "in", "kind": "spikes", "unit": "event", "channels": 4, "samples": 1},
                          {"name": "out", "dir": "out", "kind": "spikes", "unit": "event", "channels": 4, "samples": 1}]
        body = {"model": {"name": name, "parameters": parameters or {}, "step_ns": step_ns},
                "window_ns": window_ns, "lag": 2, "start_ns": 0, "key": np.arange(16, dtype=np.uint8),
                "ports": ports, "record": {}, "options": {}, "digest": "c0ffee"}
        return self.ask("CONFIGURE", body) if piece is None else self.load(codec.pack_body(body), piece, **wrong)

    def load(self, frames, piece, size=0, number=0, sha256=None):
        """LOAD and its CHUNKs, with something wrong; the last answer."""
        data = b"".join(frames)
        self.send("LOAD", {"number": 4, "size": len(data) + size, "sha256": sha256 or hashlib.sha256(data).hexdigest(),
                           "frames": [len(frame) for frame in frames]})
        for at in range(0, len(data) if size == 0 else 0, piece):
            answer = self.ask("CHUNK", {"number": 4 + number, "offset": at, "data": np.frombuffer(data[at:at + piece], np.uint8)})
            if answer.type != "ACK":
                return answer
            check(answer.body == {"number": 4, "received": min(at + piece, len(data))}, f"ACK: {answer.body}")
        return self.receive()

    def step(self, k, value=1.0, **header):
        return self.ask("STEP", self.step_body(k, value), k=k, **header)

    @staticmethod
    def step_body(k, value):
        spikes = {"dt_ns": np.array([100000, 100000, 1000000], np.uint32), "id": np.array([0, 3, 1], np.uint32)}
        return {"t0_ns": k * 1000000, "t1_ns": (k + 1) * 1000000, "in": {"drive": np.full((2, 5), float(value)), "in": spikes}}


class Plain(callosum_worker.Base):
    """Adds up what comes in; its parameters make it misbehave."""

    model, deterministic = "toy", True
    inputs, outputs = {"drive": "Hz", "in": "event"}, {"rate": "Hz", "out": "event"}
    n_steps = 0

    def build(self, config):
        self.gain, self.fault = config.value("gain", "1", 1.0, 0.0, 10.0), config.text("fault", "")
        if self.fault == "build":
            raise ValueError("gain and loss do not fit")
        self.sum = np.zeros((2, 5))
        return {"neurons": 2, "synapses": 3}

    def step(self, t0, t1, inputs):
        Plain.n_steps += 1
        self.sum += self.gain * inputs["drive"]
        if t0 == 2000000:
            if self.fault == "step":
                return {}["missing"]
            if self.fault == "nan":
                return {"rate": np.nan, "out": ((), ())}
            if self.fault == "slow":
                time.sleep(2.5)
            if self.fault == "shape":
                return {"rate": np.zeros((5, 2)), "out": ((), ())}
            if self.fault == "late":
                return {"rate": 0.0, "out": ((1000001,), (0,))}
        times, ids = inputs["in"]
        return {"rate": self.sum, "out": (times[::-1], ids[::-1])}


class Toy(Plain):
    def snapshot(self):
        return self.sum.tobytes() + bytes(10000)

    def restore(self, state):
        self.sum = np.frombuffer(state[:80]).reshape(2, 5).copy()


class Session:
    """A host and a worker in a thread of this program, linked and, unless told otherwise, configured."""

    def __init__(self, folder, parameters=None, author=Toy, is_configured=True, **options):
        self.host = Host(folder, **options)
        self.stops = []
        worker = Worker(author, self.host.endpoint, "py", is_once=True, is_stopped=lambda: bool(self.stops))
        self.thread = threading.Thread(target=lambda: setattr(self, "rc", worker.run()), daemon=True)
        self.thread.start()
        self.hello = self.host.welcome()
        self.ready = self.host.configure(parameters) if is_configured else None

    def __enter__(self):
        return self.host

    def __exit__(self, *error):
        self.stops.append(1)
        self.thread.join(10.0)
        check(not self.thread.is_alive(), "the worker ends when it is told to")
        self.host.socket.close(0)


def is_error(m, code, severity):
    check(m is not None and m.type == "ERROR" and (m.body["code"], m.body["severity"]) == (code, severity),
          f"ERROR {code} {severity}, not {m and (m.type, m.body)}")
    return m.body["text"] if m and m.type == "ERROR" else ""


def test_windows(folder):
    session = Session(folder)
    hello, ready = session.hello.body, session.ready
    check(hello["caps"]["snapshot"] == "portable" and hello["caps"]["ports"] == ["rate", "spikes"], "HELLO tells what the class can do")
    check(ready.type == "READY" and (ready.body["neurons"], ready.body["step_ns"]) == (2, 100000) and ready.body["digest"] == "c0ffee",
          f"READY: {ready.body}")
    with session as host:
        outputs = [host.step(k, 1.0 + k) for k in range(3)]
        check([m.body["out"]["rate"][1, 4] for m in outputs] == [1.0, 3.0, 6.0], "windows are computed in order")
        spikes = outputs[0].body["out"]["out"]
        check(list(spikes["dt_ns"]) == [100000, 100000, 1000000] and list(spikes["id"]) == [0, 3, 1], "spikes are sorted")
        n = Plain.n_steps
        again = host.step(1, 2.0)
        check(Plain.n_steps == n and again.head["d"] == outputs[1].head["d"] and again.head["r"] == host.n_sent, "a window twice is kept")
        is_error(host.step(1, 5.0), "E303", "window")
        is_error(host.step(4), "E304", "window")
        is_error(host.step(3, np.inf), "E302", "window")
        is_error(host.ask("STEP", dict(host.step_body(3, 1.0), t0_ns=0), k=3), "E304", "window")
        body = host.step_body(3, 1.0)
        body["in"]["in"]["id"][:] = (3, 0, 1)
        is_error(host.ask("STEP", body, k=3), "E106", "window")
        del body["in"]["in"]
        is_error(host.ask("STEP", body, k=3), "E106", "window")
        is_error(host.ask("STEP", dict(host.step_body(3, 1.0), set=[["gain", 2.0, "1"]]), k=3), "E203", "window")
        is_error(host.configure(), "E104", "warn")
        host.send("STEP", host.step_body(3, 1.0), session=5, k=3)  # another run: dropped
        check(host.step(3, 4.0).body["out"]["rate"][0, 0] == 10.0, "none of that has changed the state")
        check(host.ask("QUERY", {"names": ["windows", "weather"]}).body["values"] == {"windows": 4}, "QUERY")
        host.send("BYE", {"reason": "done"})
        session.thread.join(10.0)
        check(session.rc == 0, "BYE ends a worker with --once")


def test_configure(folder):
    port = {"name": "drive", "dir": "in", "kind": "rate", "unit": "Hz", "channels": 2, "samples": 5}
    session = Session(folder, is_configured=False)
    with session as host:
        is_error(host.step(0), "E104", "warn")
        is_error(host.configure(name="other"), "E201", "window")
        text = is_error(host.configure(ports=[dict(port, unit="pA", kind="current")]), "E202", "window")
        check("pA" in text and "Hz" in text, f"a wrong unit names both: {text}")
        is_error(host.configure(ports=[dict(port, unit="mV")]), "E202", "window")
        is_error(host.configure(ports=[dict(port, name="dive")]), "E202", "window")
        text = is_error(host.configure({"gian": 3}), "E203", "window")
        check("'gian'" in text, text)
        is_error(host.configure({"gain": "3 mV"}), "E203", "window")
        is_error(host.configure({"gain": 11}), "E203", "window")
        text = is_error(host.configure({"fault": "build"}), "E203", "window")
        check("gain and loss do not fit" in text and "python_worker.py:" in text, text)
        is_error(host.configure(step_ns=300000), "E210", "window")
        check(host.configure({"gain": 2}).type == "READY", "after all that, a right one")
        check(host.step(0, 1.0).body["out"]["rate"][0, 0] == 2.0, "works")


def test_load(folder):
    """A CONFIGURE in pieces is the CONFIGURE: arrays in blobs, models of one digest."""
    whole = Session(folder)
    with whole as host:
        check(host.step(0).type == "OUTPUT", "as a message")
    session = Session(folder, is_configured=False)
    with session as host:
        check(session.hello.body["caps"]["load_bytes"] > 1 << 20, "HELLO says how large a model may be")
        is_error(host.configure(piece=100, size=1), "E106", "window")
        is_error(host.configure(piece=100, number=1), "E106", "window")
        is_error(host.configure(piece=100, sha256=64 * "0"), "E106", "window")
        is_error(host.configure({"gian": 3}, piece=100), "E203", "window")
        ready = host.configure(piece=100)
        check(ready.type == "READY" and ready.body["model"] == whole.ready.body["model"], f"READY of the same model: {ready.body}")
        is_error(host.ask("LOAD", {"number": 4, "size": 1, "sha256": "", "frames": [1]}), "E104", "warn")
        check(host.step(0).type == "OUTPUT", "that works")
    with Session(folder, is_configured=False) as host:
        is_error(host.ask("LOAD", {"number": 4, "size": 1 << 60, "sha256": "", "frames": [1 << 60]}), "E402", "fatal")


def test_faults(folder):
    for fault, code, wanted in (("step", "E301", "KeyError: 'missing' (python_worker.py:"), ("nan", "E302", "port rate gives a value"),
                                ("shape", "E202", "port rate gives 2 x 5 values"), ("late", "E106", "outside of the window")):
        session = Session(folder, {"fault": fault})
        with session as host:
            host.step(0), host.step(1)
            text = is_error(host.step(2), code, "fatal")
            check(wanted in text, f"{fault}: {text}")
            session.thread.join(10.0)
            check(getattr(session, "rc", None) == 1, f"after a {fault} the worker ends with 1")
    with Session(folder, {"fault": "slow"}) as host:
        host.step(0), host.step(1)
        n = host.n_pings
        check(host.step(2).type == "OUTPUT" and host.n_pings >= n + 5, f"beats go on in a slow window: {host.n_pings - n}")


def snapshot(host, number, k):
    host.send("SNAPSHOT", {"number": number, "kind": "portable"}, k=k)
    state = b""
    while (m := host.receive()).type == "CHUNK":
        check(m.body["offset"] == len(state) and len(m.body["data"]) <= 4096 and m.head["d"], "chunks follow each other")
        state += m.body["data"].tobytes()
        host.send("ACK", {"number": number, "received": len(state)}, r=m.number)
    check(m.type == "SNAPSHOT_DONE" and m.body["size"] == len(state) and m.head["k"] == k, f"{m.type} {m.body}")
    return state, m.body["sha256"]


def restore(host, state, sha256, k, number=9):
    host.incarnation += 1
    host.send("RESTORE", {"number": number, "size": len(state), "sha256": sha256}, k=k)
    for at in range(0, len(state), 4096):
        m = host.ask("CHUNK", {"number": number, "offset": at, "data": np.frombuffer(state[at:at + 4096], np.uint8)})
        if m.type == "ERROR":
            return m
        check(m.type == "ACK" and m.body["received"] == min(at + 4096, len(state)), "chunks are acknowledged")
    return host.receive()


def test_snapshots(folder):
    with Session(folder) as host:
        for k in range(5):
            host.step(k, k)
        state, sha256 = snapshot(host, 1, 5)
        outputs = [host.step(k, k).head["d"] for k in (5, 6)]
        is_error(restore(host, state, "0" * 64, 5), "E401", "window")
        check(host.step(6, 6).head["d"] == outputs[1], "a broken snapshot changes nothing")
        check(restore(host, state, sha256, 5).type == "RESTORED", "a state is restored")
        check([host.step(k, k).head["d"] for k in (5, 6)] == outputs, "and goes on with the same bits")
        is_error(restore(host, b"", "", 0), "E401", "window")
    session = Session(folder, author=Plain)
    check(session.hello.body["caps"]["snapshot"] == "none", "a class without snapshots says so")
    with session as host:
        host.step(0)
        is_error(host.ask("SNAPSHOT", {"number": 1, "kind": "portable"}, k=1), "E401", "window")
        is_error(restore(host, b"", "", 1), "E401", "window")
    with Session(folder) as host:  # another worker takes the state
        check(restore(host, state, sha256, 5).type == "RESTORED" and host.step(5, 5).head["d"] == outputs[0], "on another worker")


def test_broken_link(folder):
    session = Session(folder, beat_ms=50)
    with session as host:
        output = host.step(0)
        host.send("STEP", host.step_body(1, 1.0), k=1, number=99)  # a gap: a message was lost
        hello = host.welcome(resume=1)
        check(hello.type == "HELLO" and hello.head["n"] == 1 and
              hello.body["resume"] == {"s": 77, "e": 1, "k": 1, "model": session.ready.body["model"]}, f"it comes back: {hello.body}")
        check(host.step(0).head["d"] == output.head["d"] and host.step(1).body["out"]["rate"][0, 0] == 2.0, "with all that it had")
        time.sleep(0.1)
        host.receive(0.1)
        time.sleep(0.4)  # silence of more than 5 beats
        hello = host.welcome(resume=2)
        check(hello is not None and hello.body["resume"]["k"] == 2, "silence is a broken link, too")
        check(host.step(2).body["out"]["rate"][0, 0] == 3.0, "and it goes on")
        host.send("STEP", None, frames=[b"\xc1"], k=3)
        is_error(host.receive(), "E106", "fatal")


def main():
    if not (BUILD / "bin/callosum").exists():
        print("skipped: the program is not built")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                begin = time.monotonic()
                test(folder) if test.__code__.co_argcount else test()
                print(f"{name}  {time.monotonic() - begin:.1f} s", flush=True)
    sys.exit(1 if failures else 0)


main()
