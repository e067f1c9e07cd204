#!/usr/bin/env python3
"""Writes protocol.txt: a run of the wire protocol in bytes, one message of each type at least. The encoder here is made from the
text of protocols/PROTOCOL.md alone and shares nothing with the program's.

usage: tests/golden/protocol.py > tests/golden/protocol.txt"""
import hashlib
import struct
import zlib

NUMBERS = dict(HELLO=1, WELCOME=2, REFUSE=3, CONFIGURE=4, PROGRESS=5, READY=6, LOAD=7, STEP=10, OUTPUT=11, SNAPSHOT=20, CHUNK=21, ACK=22,
               SNAPSHOT_DONE=23, RESTORE=24, RESTORED=25, QUERY=30, ANSWER=31, PING=40, PONG=41, TELEMETRY=42, ERROR=50, BYE=51)


class Array:
    """An array in the body, or with `blob` in that frame of its own."""

    CODES = {"u8": (2, "B"), "u32": (6, "I"), "f32": (9, "f"), "f64": (10, "d")}

    def __init__(self, dtype, dims, items, blob=None):
        number, letter = self.CODES[dtype]
        self.head = struct.pack("<BBH", number, len(dims), blob or 0) + struct.pack(f"<{len(dims)}I", *dims)
        self.data = struct.pack(f"<{len(items)}{letter}", *items)
        self.blob = blob


def integer(x):
    if x >= 0:
        for limit, head, form in ((1 << 7, b"", ">B"), (1 << 8, b"\xcc", ">B"), (1 << 16, b"\xcd", ">H"),
                                  (1 << 32, b"\xce", ">I"), (1 << 64, b"\xcf", ">Q")):
            if x < limit:
                return head + struct.pack(form, x)
    for limit, head, form in ((1 << 5, b"", ">b"), (1 << 7, b"\xd0", ">b"), (1 << 15, b"\xd1", ">h"), (1 << 31, b"\xd2", ">i"),
                              (1 << 63, b"\xd3", ">q")):
        if -x <= limit:
            return head + struct.pack(form, x)
    raise OverflowError(x)


def extension(kind, payload):
    n = len(payload)
    if n in (1, 2, 4, 8, 16):
        return bytes([0xd4 + n.bit_length() - 1, kind]) + payload
    head = b"\xc7" + struct.pack(">B", n) if n < 256 else b"\xc8" + struct.pack(">H", n)
    return head + bytes([kind]) + payload


def encode(x, blobs):
    if x is None:
        return b"\xc0"
    if isinstance(x, bool):
        return b"\xc3" if x else b"\xc2"
    if isinstance(x, int):
        return integer(x)
    if isinstance(x, float):
        return b"\xcb" + struct.pack(">d", x)
    if isinstance(x, str):
        text = x.encode()
        head = bytes([0xa0 + len(text)]) if len(text) < 32 else b"\xd9" + bytes([len(text)])
        return head + text
    if isinstance(x, list):
        return bytes([0x90 + len(x)]) + b"".join(encode(y, blobs) for y in x)
    if isinstance(x, dict):
        return bytes([0x80 + len(x)]) + b"".join(encode(k, blobs) + encode(v, blobs) for k, v in x.items())
    if x.blob is None:
        return extension(1, x.head + x.data)
    assert x.blob == len(blobs)
    blobs.append(x.data)
    return extension(2, x.head)


def message(sender, name, body, s=66051, e=1, n=1, r=None, k=None):
    blobs = []
    frame = encode(body, blobs)
    header = dict(v=1, t=NUMBERS[name], s=s, e=e, n=n)
    if r is not None:
        header["r"] = r
    if k is not None:
        header["k"] = k
    if name in ("STEP", "OUTPUT", "CHUNK"):
        header["d"] = zlib.crc32(b"".join([frame] + blobs))
    print(f"{sender} {name}")
    for what, content in [("header", encode(header, None)), ("body", frame)] + [("blob", b) for b in blobs]:
        print(f"  {what} {content.hex()}")


def signal(*items):
    return Array("f64", [len(items), 1], items)


def events(times, ids):
    return dict(dt_ns=Array("u32", [len(times)], times), id=Array("u32", [len(ids)], ids))


def main():
    print("# A run in bytes: H is the host's message, W the worker's. Made by protocol.py.")
    state = bytes(range(1, 7))
    sha256 = hashlib.sha256(state).hexdigest()
    caps = dict(models=["echo"], ports=["rate", "spikes"], step_ns=dict(min=1000, max=1000000), snapshot="portable",
                deterministic=True, async_ping=True, device="cpu", neurons_max=1000, memory_bytes=1 << 33)
    hello = dict(min=1, max=1, name="w1", version="echo 2.0", language="Python", slot="thalamus", caps=caps)
    message("W", "HELLO", hello, s=0, e=0)
    message("H", "WELCOME", dict(v=1, slot="thalamus", beat_ms=1000, liveness=5, hold_s=300,
                                 limits=dict(frame=64 << 20, message=256 << 20, chunk=4 << 20)), n=1, r=1)
    ports = [dict(name="drive", dir="in", kind="rate", unit="Hz", channels=2, samples=1),
             dict(name="in_events", dir="in", kind="spikes", unit="event", channels=4, samples=1),
             dict(name="rate", dir="out", kind="rate", unit="Hz", channels=2, samples=1, points=False, meaning="mean rate"),
             dict(name="events", dir="out", kind="spikes", unit="event", channels=4, samples=1)]
    configure = dict(model=dict(name="echo", gain=0.5), window_ns=1000000, lag=1, start_ns=0, key=Array("u8", [16], list(range(16))),
                     ports=ports, record=dict(spikes=True), options={}, digest="c0ffee")
    message("H", "CONFIGURE", configure, n=2)
    message("W", "PROGRESS", dict(stage="connect", fraction=0.5, text="half of the synapses"), n=2, r=2)
    message("W", "READY", dict(digest="c0ffee", step_ns=100000, memory_bytes=4096, neurons=4, synapses=0, model="beef"), n=3, r=2)
    message("H", "STEP", {"t0_ns": 0, "t1_ns": 1000000, "in": dict(drive=signal(1.5, -2.0), in_events=events([1, 1000000], [3, 0])),
                          "set": [["gain", 0.25, "1"]]}, n=3, k=0)
    message("W", "OUTPUT", dict(t0_ns=0, t1_ns=1000000, out=dict(rate=signal(0.375, -0.5), events=events([], [])),
                                rec=dict(spikes=dict(dt_ns=Array("u32", [1], [100000]), population=Array("u32", [1], [0]),
                                                     id=Array("u32", [1], [2])), samples=[Array("f32", [1, 2], [1.0, 2.0])])),
            n=4, r=3, k=0)
    message("H", "SNAPSHOT", dict(number=1, kind="portable"), n=4, k=1)
    message("W", "CHUNK", dict(number=1, offset=0, data=Array("u8", [6], state, blob=0)), n=5, r=4)
    message("H", "ACK", dict(number=1, received=6), n=5, r=5)
    message("W", "SNAPSHOT_DONE", dict(number=1, size=6, sha256=sha256, model="beef"), n=6, r=4, k=1)
    message("H", "QUERY", dict(names=["mean_v"]), n=6)
    message("W", "ANSWER", dict(values=dict(mean_v=-0.065)), n=7, r=6)
    message("H", "PING", dict(clock=123456789), n=7)
    message("W", "PONG", dict(clock=123456789), n=8, r=7)
    message("W", "TELEMETRY", dict(fraction=1, compute_s=0.25, memory_bytes=4096, log=["ready"]), n=9)
    print("# The link breaks; the worker comes again, is at first refused, and gets the snapshot back.")
    message("W", "HELLO", {**hello, "resume": dict(s=66051, e=1, k=1, model="beef")}, s=0, e=0)
    message("H", "REFUSE", dict(code="E103", text="the slot is taken", hint="wait", retry=True), n=1, r=1)
    message("H", "WELCOME", dict(v=1, slot="thalamus", beat_ms=1000, liveness=5, hold_s=300,
                                 limits=dict(frame=64 << 20, message=256 << 20, chunk=4 << 20), resume=1), n=1, r=1)
    message("H", "RESTORE", dict(number=1, size=6, sha256=sha256, begin=False), n=2, k=1)
    message("H", "CHUNK", dict(number=1, offset=0, data=Array("u8", [6], state)), n=3)
    message("W", "ACK", dict(number=1, received=6), n=2, r=3)
    message("W", "RESTORED", dict(number=1), n=3, r=2, k=1)
    message("W", "ERROR", dict(code="E304", severity="window", text="window 3 after window 1", hint="send window 2",
                               place=dict(window=3)), n=4, r=4)
    message("H", "BYE", dict(reason="done"), n=5)
    print("# Of a model that is watched: its READY, an OUTPUT, and a RESTORED at a time for which nothing is asked.")
    watch = dict(source=Array("u32", [2], [0, 1]), target=Array("u32", [2], [3, 3]), delay_ms=Array("f64", [2], [1.5, 2.0]),
                 values=Array("f64", [2], [16.0, 17.5]))
    message("W", "READY", dict(digest="c0ffee", step_ns=100000, memory_bytes=4096, neurons=4, synapses=2, model="beef",
                               watched=[watch]), n=2, r=2)
    message("W", "OUTPUT", dict(t0_ns=0, t1_ns=1000000, out={}, rec=dict(watched=[Array("f64", [2], [16.5, 17.5])])), n=3, r=3, k=0)
    message("W", "RESTORED", dict(number=1, watched=[Array("f64", [0], [])]), n=4, r=4, k=1)

    print("# A CONFIGURE that is larger than a message: LOAD, and its frames in pieces; here they are those of the one above.")
    message("W", "HELLO", {**hello, "caps": {**caps, "load_bytes": 1 << 32}}, s=0, e=0)
    blobs = []
    frames = [encode(configure, blobs), *blobs]
    loaded = b"".join(frames)
    message("H", "LOAD", dict(number=0, size=len(loaded), sha256=hashlib.sha256(loaded).hexdigest(), frames=[len(f) for f in frames]), n=2)
    half = len(loaded) // 2
    for n, at, piece in ((3, 0, loaded[:half]), (4, half, loaded[half:])):
        message("H", "CHUNK", dict(number=0, offset=at, data=Array("u8", [len(piece)], piece)), n=n)
        message("W", "ACK", dict(number=0, received=at + len(piece)), n=n - 1, r=n)


main()
