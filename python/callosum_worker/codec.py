"""Messages as frames, and back: sections 2 and 3 of protocols/PROTOCOL.md.

A message is a header (a map), a body (a map) and blobs. Arrays of numbers are numpy arrays. Whatever a peer sends is checked here
against the limits before anything else looks at it; what is wrong raises Malformed."""
import math
import struct
import zlib

import msgpack
import numpy as np

from .messages import FIELDS, HEAD, NAMES, NUMBERS, Problem

MAX_HEADER, MAX_GREETING, MAX_FRAME, MAX_MESSAGE = 4096, 65536, 64 << 20, 256 << 20
MAX_FRAMES, MAX_GREETING_FRAMES, MAX_CHUNK = 64, 4, 4 << 20
MAX_VALUES, MAX_DEPTH, MAX_KEY, MAX_TEXT, MAX_DIMS = 1 << 20, 16, 255, 65536, 8
BLOB_FROM = 4096  # arrays of more bytes travel in frames of their own

DTYPES = dict(enumerate(("i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"), start=1))
CODES = {np.dtype(name): number for number, name in DTYPES.items()}
HEADER_KEYS = {"v": 32, "t": 32, "s": 64, "e": 32, "n": 64, "r": 64, "k": 64, "d": 32}  # and their bits


class Malformed(Problem):
    """E106 unless it says otherwise. `number` is the `n` of the message, where that could be read."""

    def __init__(self, text, code="E106", number=0):
        super().__init__(code, text)
        self.number = number


class Message:
    """A message that came: `type` is its name, `head` and `body` are dictionaries."""

    def __init__(self, head, body):
        self.head, self.body = head, body
        self.type = NAMES.get(head["t"])
        self.number = head["n"]


# ---- writing -----------------------------------------------------------------------------------------------------------------


def _extension(array, blobs):
    array = np.asarray(array)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    data = array.tobytes()  # in C order
    head = struct.pack(f"<BBH{array.ndim}I", CODES[array.dtype], array.ndim, 0, *array.shape)
    if len(data) <= BLOB_FROM or len(blobs) >= MAX_FRAMES - 2:
        return msgpack.ExtType(1, head + data)
    blobs.append(data)
    return msgpack.ExtType(2, head[:2] + struct.pack("<H", len(blobs) - 1) + head[4:])


def _replace(value, blobs):
    if isinstance(value, np.ndarray):
        return _extension(value, blobs)
    if isinstance(value, dict):
        return {key: _replace(member, blobs) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replace(member, blobs) for member in value]
    return value.item() if isinstance(value, np.generic) else value


def pack_body(body):
    """The frames behind the header: the body and its blobs."""
    blobs = []
    return [msgpack.packb(_replace(body, blobs))] + blobs


def digest(frames):
    """`d` of the header: CRC-32 over the body and, behind it, all blobs."""
    crc = 0
    for frame in frames:
        crc = zlib.crc32(frame, crc)
    return crc


def pack_header(name, session, incarnation, number, **more):
    """`more`: r, k, d, x where they are wanted."""
    head = {"v": 1, "t": NUMBERS[name], "s": session, "e": incarnation, "n": number}
    head.update((key, more[key]) for key in "rkdmx" if more.get(key) is not None)
    return msgpack.packb(head)


# ---- reading -----------------------------------------------------------------------------------------------------------------


def _map(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("a key stands twice in a map")
    return members


class _Reader:
    """Unpacks one frame; blobs that its arrays take are marked in `taken`."""

    def __init__(self, blobs):
        self.blobs, self.taken, self.n_values = blobs, set(), 0

    def read(self, frame):
        most = MAX_VALUES
        try:
            value = msgpack.unpackb(frame, raw=False, strict_map_key=False, ext_hook=self.array, object_pairs_hook=_map,
                                    max_str_len=MAX_TEXT, max_bin_len=0, max_array_len=most, max_map_len=most,
                                    max_ext_len=max(len(frame), 1))
        except Malformed:
            raise
        except Exception as error:  # msgpack raises many kinds, ValueError and TypeError among them
            raise Malformed(f"no MessagePack: {error or type(error).__name__}") from None
        if not isinstance(value, dict):
            raise Malformed("a frame holds no map")
        self.check(value, 1)
        return value

    def array(self, kind, data):
        if kind not in (1, 2) or len(data) < 4:
            raise Malformed(f"extension of type {kind} with {len(data)} bytes")
        dtype, ndim, blob = struct.unpack_from("<BBH", data)
        if dtype not in DTYPES or not 1 <= ndim <= MAX_DIMS or len(data) < 4 + 4 * ndim:
            raise Malformed(f"an array of type {dtype} with {ndim} dimensions")
        dims = struct.unpack_from(f"<{ndim}I", data, 4)
        if kind == 1:
            content = data[4 + 4 * ndim:]
            if blob != 0:
                raise Malformed("an array in the body names a blob")
        else:
            if len(data) != 4 + 4 * ndim or blob >= len(self.blobs) or blob in self.taken:
                raise Malformed(f"an array names blob {blob}, which is missing or taken")
            self.taken.add(blob)
            content = self.blobs[blob]
        dtype = np.dtype(DTYPES[dtype])
        if math.prod(dims) * dtype.itemsize != len(content):
            raise Malformed(f"an array of {list(dims)} has {len(content)} bytes")
        return np.frombuffer(content, dtype).reshape(dims)

    def check(self, value, depth):
        self.n_values += 1
        if self.n_values > MAX_VALUES or depth > MAX_DEPTH + 1:
            raise Malformed("too many values, or too deep")
        if isinstance(value, dict):
            for key, member in value.items():
                if not isinstance(key, str) or len(key.encode()) > MAX_KEY:
                    raise Malformed("a key is no text of at most 255 bytes")
                check_text(key)
                self.check(member, depth + 1)
        elif isinstance(value, list):
            for member in value:
                self.check(member, depth + 1)
        elif isinstance(value, str):
            check_text(value)
        elif value is not None and not isinstance(value, (bool, int, float, np.ndarray)):
            raise Malformed(f"a value of the kind {type(value).__name__}")


def check_text(text):
    if any((c < " " and c not in "\t\n") or c in "\x7f\ufeff" for c in text):
        raise Malformed("a text with control characters")


def _read_head(frame):
    head = _Reader([]).read(frame)
    for key, bits in HEADER_KEYS.items():
        value = head.get(key)
        if value is None and key in "vtsen":
            raise Malformed(f'header: "{key}" is missing')
        if value is not None and (type(value) is not int or not 0 <= value < 1 << bits):
            raise Malformed(f'header: "{key}" is no integer from 0 to 2^{bits} - 1')
    name = NAMES.get(head["t"])
    if head["v"] != 1:
        raise Malformed(f'version {head["v"]}; this side speaks 1', "E101", head["n"])
    if head["n"] == 0 or any(head.get(key) is None for key in HEAD.get(name, "")):
        raise Malformed(f'header: "n" is 0, or "k" or "d" is missing in {name}', number=head["n"])
    return head


def read_message(frames, is_greeting=False, is_loaded=False):
    """A Message of the frames as they came. `is_greeting`: the smaller limits before WELCOME hold. `is_loaded`: LOAD has bounded
    the bytes."""
    most_frames, most_frame, most = (MAX_GREETING_FRAMES, MAX_GREETING, MAX_GREETING) if is_greeting else (
        MAX_FRAMES, math.inf if is_loaded else MAX_FRAME, math.inf if is_loaded else MAX_MESSAGE)
    sizes = [len(frame) for frame in frames]
    if not 2 <= len(sizes) <= most_frames or sizes[0] > MAX_HEADER or max(sizes) > most_frame or sum(sizes) > most:
        raise Malformed(f"{len(sizes)} frames with {sum(sizes)} bytes: beyond the limits")
    head = _read_head(frames[0])
    number = head["n"]
    try:
        if "d" in head and digest(frames[1:]) != head["d"]:
            raise Malformed('"d" is not the digest of body and blobs')
        reader = _Reader(frames[2:])
        message = Message(head, reader.read(frames[1]))
        if len(reader.taken) != len(frames) - 2:
            raise Malformed("a blob that belongs to no array")
        check_fields(message)
        return message
    except Malformed as problem:
        problem.number = number
        raise


# ---- fields ------------------------------------------------------------------------------------------------------------------


def _is_of(kind, value):
    """Whether the value is of a kind of messages.FIELDS."""
    if isinstance(kind, dict):
        return isinstance(value, dict)
    if isinstance(kind, tuple):  # integer in a range
        return type(value) is int and kind[0] <= value <= kind[1]
    if "|" in kind:
        return value in kind.split("|")
    if kind in ("u8", "f64"):
        return isinstance(value, np.ndarray) and value.dtype == np.dtype(kind[0] + str(int(kind[1:]) // 8))
    kinds = {"text": str, "bool": bool, "map": dict, "list": list}
    return isinstance(value, kinds[kind])


def _check_map(fields, body, where):
    for key, kind in fields.items():
        is_needed, key = not key.endswith("?"), key.rstrip("?")
        if key not in body and is_needed:
            raise Malformed(f"{where}{key} is missing")
        if key not in body:
            continue
        if not _is_of(kind, body[key]):
            raise Malformed(f"{where}{key} is of the wrong kind or out of range")
        if isinstance(kind, dict):
            _check_map(kind, body[key], f"{where}{key}.")


def check_fields(message):
    """The body against the table of what a host sends; unknown keys are ignored unless `m` lists them."""
    fields = FIELDS.get(message.type)
    if fields is None:
        return
    known = {key.rstrip("?") for key in fields}
    demanded = message.head.get("m", [])
    if not isinstance(demanded, list) or not all(isinstance(key, str) for key in demanded):
        raise Malformed('header: "m" is no list of texts')
    for key in demanded:
        if key not in known:
            raise Malformed(f'the key "{key[:60]}" is not known here', "E105")
    _check_map(fields, message.body, f"{message.type}: ")
    for port in message.body.get("ports", []):
        if not isinstance(port, dict):
            raise Malformed("a port is no map")
        _check_map(FIELDS["port"], port, "port: ")
