"""The connection to a host: one socket per try, counted messages, beats, silence (sections 2 and 10 of PROTOCOL.md).

The main thread waits for messages and computes. Meanwhile a second thread answers PING and lays other messages aside; `lock` guards
the socket and all that is counted."""
import collections
import threading
import time

import zmq
import zmq.utils.monitor

from .codec import MAX_FRAME, MAX_MESSAGE, Malformed, digest, pack_body, pack_header, read_message
from .messages import Problem

MOST_WAITING = 64  # messages that were laid aside
A_DAY_MS = 86400000  # a cut connection stays cut
SLICE_S = 0.05     # between looks at what else may have happened
REFUSED, UNTRUSTED = "refused", "untrusted"
_EVENTS = {zmq.EVENT_CLOSED: "closed", zmq.EVENT_DISCONNECTED: "closed", zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: UNTRUSTED,
           zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: UNTRUSTED, zmq.EVENT_HANDSHAKE_FAILED_AUTH: REFUSED}


class Link:
    def __init__(self, endpoint, host_key=None, keys=None, is_stopped=lambda: False):
        self.endpoint, self.host_key, self.keys, self.is_stopped = endpoint, host_key, keys, is_stopped
        self.context, self.lock = zmq.Context(), threading.RLock()
        self.socket = self.monitor = None
        self.is_cut, self.why, self.is_ending = True, "", False
        self.beats = threading.Thread(target=self._beat, name="beats", daemon=True)
        self.beats.start()

    # ---- opening and closing -------------------------------------------------------------------------------------------------

    def open(self):
        """A new connection: counts from 1, belongs to no session until WELCOME."""
        self.close()
        with self.lock:
            self.session = self.incarnation = 0
            self.n_sent = self.n_received = self.n_ignored = 0
            self.inbox, self.limits = collections.deque(), {"frame": MAX_FRAME, "message": MAX_MESSAGE}
            self.is_open, self.is_cut, self.why = False, False, ""
            self.beat_s, self.liveness = 1.0, 5
            self.heard = self.sent = time.monotonic()
            s = self.socket = self.context.socket(zmq.DEALER)
            s.linger, s.reconnect_ivl, s.sndhwm, s.rcvhwm = 0, A_DAY_MS, 256, 256
            s.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME)
            if self.host_key:
                s.curve_serverkey = self.host_key.encode()
                s.curve_publickey, s.curve_secretkey = (key.encode() for key in self.keys)
            self.monitor = s.get_monitor_socket(sum(_EVENTS))
            s.connect(self.endpoint)

    def close(self, linger_ms=0):
        """What was sent last still leaves within linger_ms."""
        with self.lock:
            if self.socket is None:
                return
            self.socket.disable_monitor()
            self.monitor.close(0)
            self.socket.close(linger_ms)
            self.socket, self.is_cut, self.is_open = None, True, False

    def end(self):
        with self.lock:
            self.is_ending = True
        self.beats.join()
        self.close(1000)
        self.context.term()

    # ---- sending -------------------------------------------------------------------------------------------------------------

    def send(self, name, body, frames=None, **header):
        """`frames`: a body that was packed before, instead of `body`. `header`: r, k, d, x."""
        frames = pack_body(body) if frames is None else frames
        sizes = [len(frame) for frame in frames]
        if max(sizes) > self.limits["frame"] or sum(sizes) > self.limits["message"] - 4096:
            raise Problem("E106", f"{name} of {sum(sizes)} bytes is beyond the limits of the host")
        with self.lock:
            if self.is_cut:
                return
            self.n_sent += 1
            head = pack_header(name, self.session, self.incarnation, self.n_sent, **header)
            try:
                self.socket.send_multipart([head] + frames, zmq.DONTWAIT)
            except zmq.ZMQError:
                self.is_cut = True
            self.sent = time.monotonic()

    def error(self, problem, severity, answers=None, **place):
        text = "".join(c if c in "\t\n" or c >= " " and c != "\x7f" else " " for c in problem.text)
        body = {"code": problem.code, "severity": severity, "text": text[:8000], "hint": getattr(problem, "hint", "")}
        self.send("ERROR", dict(body, place=place) if place else body, r=answers)

    # ---- receiving -----------------------------------------------------------------------------------------------------------

    def next(self, wait_s, only=None):
        """The next message other than PING and PONG; None: nothing came, the link is cut, or the worker is stopped. `only`: of
        that type, ERROR or BYE; others stay in their order."""
        end = time.monotonic() + wait_s
        while True:
            with self.lock:
                if self.socket is None:
                    return None
                self._pump()
                for i, message in enumerate(self.inbox):
                    if only is None or message.type in (only, "ERROR", "BYE"):
                        del self.inbox[i]
                        return message
                if self.is_cut or self.is_stopped() or time.monotonic() >= end:
                    return None
                self.socket.poll(int(1000 * SLICE_S))

    def _beat(self):
        while True:
            time.sleep(2 * SLICE_S)
            with self.lock:
                if self.is_ending:
                    return
                if self.socket is not None and not self.is_cut:
                    self._pump()

    def _pump(self):
        is_closed = False  # what came before the end is read first
        while self.monitor.poll(0):
            event = zmq.utils.monitor.recv_monitor_message(self.monitor)["event"]
            is_closed, self.why = True, self.why or _EVENTS.get(event, "")
        while not self.is_cut:
            try:
                frames = self.socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                break
            self._take(frames)
        self.is_cut = self.is_cut or is_closed
        now = time.monotonic()
        if self.is_open and not self.is_cut:
            if now - self.sent > self.beat_s:
                self.send("PING", {"clock": time.monotonic_ns()})
            self.is_cut = self.is_cut or now - self.heard > self.beat_s * self.liveness

    def _take(self, frames):
        self.heard = time.monotonic()
        try:
            message, number = read_message(frames, is_greeting=not self.is_open), None
        except Malformed as problem:
            message, number = None, problem.number
            is_harmless = problem.code == "E105"  # the message is left alone, and the link goes on
            self.error(problem, "window" if is_harmless else "fatal", number or None)
            self.is_cut = not is_harmless
        self.n_received += 1
        if (message.number if message else number) != self.n_received or len(self.inbox) >= MOST_WAITING:
            self.is_cut = True  # a message was lost
        if message is None or self.is_cut:
            return
        if message.type == "WELCOME" and not self.is_open:
            self._welcome(message)
        elif message.type != "REFUSE" and (message.head["s"] != self.session or message.head["e"] < self.incarnation):
            self.n_ignored += 1
            return
        if message.type == "PING":
            self.send("PONG", {"clock": message.body["clock"]}, r=message.number)
        elif message.type not in ("PONG", None):  # None: a type of a later release
            self.inbox.append(message)

    def _welcome(self, message):
        body = message.body
        self.session, self.incarnation, self.is_open = message.head["s"], message.head["e"], True
        self.beat_s, self.liveness, self.limits = 1e-3 * body["beat_ms"], body["liveness"], body["limits"]
