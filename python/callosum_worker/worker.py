"""The states of a worker: sections 4, 8, 10 and 11 of PROTOCOL.md. Each window is computed once: a STEP that comes again gets the
answer that was kept, byte for byte; the same window with other content is an error."""
import hashlib
import os
import random
import sys
import time
import traceback

from . import codec, model
from .link import REFUSED, UNTRUSTED, Link
from .messages import Problem

VERSION = "callosum_worker 0.1.0"
HELLO_WAIT_S, ACK_WAIT_S, CHUNKS_IN_FLIGHT = 3.0, 600.0, 8
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
LARGEST_MODEL = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4  # bytes of a CONFIGURE that comes in pieces
DONE, CUT, FAILED = "done", "cut", "failed"  # how a service ends


def _note(text):
    print(text, file=sys.stderr, flush=True)


def describe(error):
    """An author's exception in one sentence, with the line of his file."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if os.path.dirname(f.filename) != os.path.dirname(__file__)]
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno}, in {frames[-1].name})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


def _as_problem(error, code="E301"):
    if isinstance(error, Problem):
        return error
    traceback.print_exception(error)  # here, where the author looks
    return Problem("E402" if isinstance(error, MemoryError) else code, describe(error))


class Service:
    """What a worker serves, from CONFIGURE to BYE: the author's object and the windows that are done."""

    def __init__(self, author, body):
        self.author, self.body = author, body
        self.session = self.incarnation = 0
        self.compute_s = 0.0
        c = self.config = model.Config(body)
        model.check_ports(c.inputs, author.inputs, "in")
        model.check_ports(c.outputs, author.outputs, "out")
        self.object = author()
        self.sizes = self.object.build(c) or {}
        c.check_unread()
        self.go_to(0)
        parts = {"class": [author.model if isinstance(author.model, str) else list(author.model), author.version, VERSION]}
        parts.update((key, body[key]) for key in ("model", "ports", "window_ns", "key"))
        self.digest = hashlib.sha256(b"".join(codec.pack_body(parts))).hexdigest()
        if c.step_ns < 1 or c.window_ns % c.step_ns != 0:
            raise Problem("E210", f"a step of {c.step_ns} ns does not divide the window of {c.window_ns} ns")
        if any(c.window_ns % port.samples != 0 for port in [*c.inputs.values(), *c.outputs.values()]):
            raise Problem("E202", "the bins of a port do not divide the window")

    def go_to(self, window):
        self.done, self.kept = window, {}  # kept: window -> (d of its STEP, frames of its OUTPUT)
        self.config.time_ns = self.config.start_ns + window * self.config.window_ns

    def compute(self, head, body):
        """The frames of the OUTPUT, and the seconds that they took. A Problem with is_fatal = False changed nothing."""
        c, t0 = self.config, self.config.time_ns
        t1 = t0 + c.window_ns
        try:
            if (body["t0_ns"], body["t1_ns"]) != (t0, t1):
                raise Problem("E304", f"window {self.done} begins at {t0} ns and ends at {t1} ns")
            inputs = model.read_inputs(body["in"], c.inputs, c.window_ns)
            changes = body.get("set", [])
            if changes and not hasattr(self.object, "set"):
                raise Problem("E203", "this model has no parameters that can be set in a run")
        except Problem as problem:
            problem.is_fatal = False
            raise
        begin = time.monotonic()
        for path, value, unit in changes:
            self.object.set(path, value, unit)
        given = self.object.step(t0, t1, inputs)
        seconds = time.monotonic() - begin
        frames = codec.pack_body({"t0_ns": t0, "t1_ns": t1, "out": model.write_outputs(given, c.outputs, c.window_ns)})
        self.compute_s += seconds
        self.kept[self.done] = head["d"], frames
        self.kept.pop(self.done - c.lag - 1, None)
        self.done, c.time_ns = self.done + 1, t1
        return frames, seconds


class Worker:
    """Serves hosts at an endpoint with objects of the author's class, until `is_stopped` or, with `is_once`, one run is over."""

    def __init__(self, author, endpoint, name, slot=None, host_key=None, keys=None, is_once=False, is_stopped=lambda: False):
        self.author, self.name, self.slot, self.is_once, self.is_stopped = author, name, slot, is_once, is_stopped
        self.keys, self.service, self.hold_s = keys, None, 300.0
        self.has_snapshots = hasattr(author, "snapshot") and hasattr(author, "restore")
        self.link = Link(endpoint, host_key, keys, is_stopped)
        self.handlers = {"CONFIGURE": self.configure, "LOAD": self.load, "STEP": self.step, "SNAPSHOT": self.snapshot, "RESTORE": self.restore,
                         "QUERY": self.query}

    # ---- hosts come and go ---------------------------------------------------------------------------------------------------

    def run(self):
        """0: stopped, or the run is over; 1: refused, failed, or nobody came."""
        wait_s, answered, is_told = FIRST_WAIT_S, time.monotonic(), False
        try:
            while not self.is_stopped():
                greeting = self.greet()
                if greeting is None:
                    return 1
                if greeting:
                    how = self.serve()
                    self.link.close(1000)
                    if how != CUT:
                        self.service = None
                    if self.is_once and how != CUT:
                        return 0 if how == DONE else 1
                    wait_s, answered, is_told = FIRST_WAIT_S, time.monotonic(), False
                silent_s = time.monotonic() - answered
                is_told = is_told or self.tell_why(silent_s)
                if self.service is not None and silent_s > self.hold_s:
                    self.service = None
                if self.is_once and self.service is None and silent_s > 60.0:
                    _note(f"no host answered at {self.link.endpoint} for 60 s")
                    return 1
                self.rest(wait_s * random.uniform(0.75, 1.25))
                wait_s = min(2.0 * wait_s, 2.0 if self.is_once else LONGEST_WAIT_S)
            self.link.send("BYE", {"reason": "user"})
            return 0
        finally:
            self.link.end()

    def rest(self, wait_s):
        end = time.monotonic() + wait_s
        while time.monotonic() < end and not self.is_stopped():
            time.sleep(0.05)

    def tell_why(self, silent_s):
        """Says once why nobody answers, where that is known."""
        endpoint, public = self.link.endpoint, self.keys[0] if self.keys else ""
        if self.link.why == REFUSED:
            _note(f"E102 the host at {endpoint} does not know the key of this worker. There: callosum keys allow {self.name} '{public}'")
        elif self.link.why == UNTRUSTED:
            _note(f"E102 what listens at {endpoint} has another key than --host-key says, or encrypts where this worker does not")
        elif silent_s > 8.0:
            _note(f"no host at {endpoint} yet; trying again")
        else:
            return False
        return True

    def hello(self):
        a = self.author
        wanted = [u for ports in (a.inputs, a.outputs) if ports is not None for u in ports.values()]
        is_any = a.inputs is None or a.outputs is None
        kinds = [kind for kind, units in model.UNITS.items() if is_any or any(unit in units for unit in wanted)]
        body = {"min": 1, "max": 1, "name": self.name, "version": VERSION, "language": "Python"}
        if self.slot is not None:
            body["slot"] = self.slot
        body["caps"] = {"models": [a.model] if isinstance(a.model, str) else list(a.model), "ports": kinds,
                        "step_ns": {"min": 1, "max": 2**63 - 1}, "snapshot": "portable" if self.has_snapshots else "none",
                        "deterministic": a.deterministic, "async_ping": True, "device": a.device,
                        "load_bytes": LARGEST_MODEL}
        s = self.service
        if s is not None:
            body["resume"] = {"s": s.session, "e": s.incarnation, "k": s.done, "model": s.digest}
        return body

    def greet(self):
        """True: WELCOME. False: not now. None: refused for good."""
        self.link.open()
        self.link.send("HELLO", self.hello())
        message = self.link.next(HELLO_WAIT_S)
        if message is None or message.type not in ("WELCOME", "REFUSE"):
            self.link.close()
            return False
        if message.type == "REFUSE":
            self.link.close(1000)
            if not message.body["retry"]:
                _note(f"{message.body['code']} the host at {self.link.endpoint} refuses: {message.body['text']}")
                return None
            return False
        if "resume" not in message.body:
            self.service = None
        self.hold_s = message.body["hold_s"]
        _note(f"{'again with' if self.service else 'serves'} {message.body['slot']} of the host at {self.link.endpoint}")
        return True

    def serve(self):
        """From WELCOME to BYE (DONE), an ERROR that ends it (FAILED) or a cut link (CUT)."""
        while True:
            message = self.link.next(3600.0)
            if message is None and (self.link.is_cut or self.is_stopped()):
                return CUT
            how = None if message is None else self.handle(message)
            if how is not None:
                return how

    def handle(self, message):
        """None: go on. Otherwise how the service ends."""
        if message.type == "BYE":
            return DONE
        if message.type == "ERROR":
            _note(f"the host says: {message.body['code']} {message.body['text']}")
            return FAILED if message.body["severity"] == "fatal" else None
        is_allowed = message.type in self.handlers and (message.type in ("CONFIGURE", "LOAD")) == (self.service is None)
        if not is_allowed:
            self.link.error(Problem("E104", f"{message.type} is not allowed in this state"), "warn", message.number)
            return None
        try:
            return self.handlers[message.type](message)
        except Exception as error:  # the author's, or memory: what he built is no longer to be trusted
            self.link.error(_as_problem(error), "fatal", message.number, **({"slot": self.slot} if self.slot else {}))
            return FAILED

    # ---- what a host asks for ------------------------------------------------------------------------------------------------

    def configure(self, message):
        if message.body["model"]["name"] not in ([self.author.model] if isinstance(self.author.model, str) else self.author.model):
            problem = Problem("E201", f"this worker has no model {message.body['model']['name'][:60]!r}")
            return self.link.error(problem, "window", message.number)
        self.link.send("PROGRESS", {"stage": "building", "fraction": 0.0, "text": ""}, r=message.number)
        try:
            s = Service(self.author, message.body)
        except Exception as error:
            return self.link.error(_as_problem(error, "E203"), "window", message.number)
        s.session, s.incarnation = self.link.session, self.link.incarnation
        self.service = s
        self.link.send("READY", {"digest": message.body["digest"], "step_ns": s.config.step_ns, "memory_bytes": 0,
                                 "neurons": s.sizes.get("neurons", 0), "synapses": s.sizes.get("synapses", 0), "model": s.digest},
                       r=message.number)

    def step(self, message):
        s, k, head, seconds = self.service, message.head["k"], message.head, 0.0
        if k in s.kept:
            d, frames = s.kept[k]
            if d != head["d"]:
                return self.link.error(Problem("E303", f"window {k} was computed from another STEP"), "window", message.number, window=k)
        elif k != s.done:
            problem = Problem("E304", f"window {k} came where window {s.done} is the next", f"send window {s.done}")
            return self.link.error(problem, "window", message.number, window=k)
        else:
            try:
                frames, seconds = s.compute(head, message.body)
            except Problem as problem:
                if getattr(problem, "is_fatal", True):
                    raise
                return self.link.error(problem, "window", message.number, window=k)
        self.link.send("OUTPUT", None, frames, r=message.number, k=k, d=codec.digest(frames),
                       x={"compute_ns": int(1e9 * seconds) + 1})

    def snapshot(self, message):
        s, number = self.service, message.body["number"]
        if not self.has_snapshots or message.body["kind"] != "portable":
            return self.link.error(Problem("E401", "this model has no such snapshots"), "window", message.number)
        if message.head["k"] != s.done:
            return self.link.error(Problem("E304", f"{s.done} windows are done, not {message.head['k']}"), "window", message.number)
        state, at, arrived = bytes(s.object.snapshot()), 0, 0
        if not state:
            raise Problem("E401", "snapshot() gave no bytes")
        while arrived < len(state):
            chunk = min(self.link.limits["chunk"], codec.MAX_CHUNK)
            if at < len(state) and at - arrived < CHUNKS_IN_FLIGHT * chunk:
                frames = codec.pack_body({"number": number, "offset": at, "data": _bytes(state[at:at + chunk])})
                self.link.send("CHUNK", None, frames, r=message.number, d=codec.digest(frames))
                at += chunk
                continue
            ack = self.link.next(ACK_WAIT_S, only="ACK")
            if ack is None or ack.type != "ACK":
                return self.handle(ack) if ack else None
            arrived = ack.body["received"] if ack.body["number"] == number else arrived
        self.link.send("SNAPSHOT_DONE", {"number": number, "size": len(state), "sha256": hashlib.sha256(state).hexdigest(),
                                         "model": s.digest}, r=message.number, k=s.done)

    def receive(self, message, code):
        """The bytes of the CHUNKs behind RESTORE or LOAD, or None and how the service ends: what is wrong with them was said."""
        body, data = message.body, bytearray()
        while len(data) < body["size"]:
            chunk = self.link.next(ACK_WAIT_S, only="CHUNK")
            if chunk is None or chunk.type != "CHUNK":
                return None, self.handle(chunk) if chunk else None
            piece = chunk.body["data"].tobytes()
            is_next = chunk.body["number"] == body["number"] and chunk.body["offset"] == len(data)
            if not is_next or not piece or len(piece) > body["size"] - len(data):
                return None, self.link.error(Problem(code, "a chunk that does not follow the one before"), "window", message.number)
            data += piece
            self.link.send("ACK", {"number": body["number"], "received": len(data)}, r=chunk.number)
        if hashlib.sha256(data).hexdigest() != body["sha256"]:
            return None, self.link.error(Problem(code, "the sum of what came in pieces is wrong"), "window", message.number)
        return data, None

    def load(self, message):
        body, sizes = message.body, message.body["frames"]
        if not 0 < len(sizes) < codec.MAX_FRAMES or any(type(n) is not int or n < 0 for n in sizes) or sum(sizes) != body["size"]:
            return self.link.error(Problem("E106", "the frames have not the length of the whole"), "window", message.number)
        if body["size"] > LARGEST_MODEL:
            return self.link.error(Problem("E402", f"a model of {body['size']} bytes; this worker takes {LARGEST_MODEL}"), "fatal", message.number)
        data, how = self.receive(message, "E106")
        if data is None:
            return how
        frames = [codec.pack_header("CONFIGURE", self.link.session, self.link.incarnation, message.number)]
        for size in sizes:
            frames.append(bytes(data[:size]))
            del data[:size]
        return self.configure(codec.read_message(frames, is_loaded=True))

    def restore(self, message):
        s, body = self.service, message.body
        s.incarnation = self.link.incarnation = max(self.link.incarnation, message.head["e"])
        if body["size"] == 0 or not self.has_snapshots:
            return self.link.error(Problem("E401", "this model has no such snapshots"), "window", message.number)
        state, how = self.receive(message, "E401")
        if state is None:
            return how
        s.go_to(message.head["k"])
        s.object.restore(bytes(state))
        self.link.send("RESTORED", {"number": body["number"]}, r=message.number, k=s.done)

    def query(self, message):
        values = {"windows": self.service.done, "compute_s": self.service.compute_s}
        names = [name for name in message.body["names"] if isinstance(name, str) and name in values]
        self.link.send("ANSWER", {"values": {name: values[name] for name in names}}, r=message.number)


def _bytes(data):
    return codec.np.frombuffer(data, codec.np.uint8)
