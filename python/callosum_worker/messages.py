"""What travels, as tables: the numbers of the messages, the keys that their headers need, and the fields of the messages that a
host sends. tests/rules/python_worker.py compares them with protocols/messages.def."""

NUMBERS = {"HELLO": 1, "WELCOME": 2, "REFUSE": 3, "CONFIGURE": 4, "PROGRESS": 5, "READY": 6, "LOAD": 7, "STEP": 10, "OUTPUT": 11,
           "SNAPSHOT": 20, "CHUNK": 21, "ACK": 22, "SNAPSHOT_DONE": 23, "RESTORE": 24, "RESTORED": 25, "QUERY": 30, "ANSWER": 31,
           "PING": 40, "PONG": 41, "TELEMETRY": 42, "ERROR": 50, "BYE": 51}
NAMES = {number: name for name, number in NUMBERS.items()}

HEAD = {"STEP": "kd", "OUTPUT": "kd", "SNAPSHOT": "k", "CHUNK": "d", "SNAPSHOT_DONE": "k", "RESTORE": "k", "RESTORED": "k"}

UINT, UINT32, INT = (0, 2**64 - 1), (0, 2**32 - 1), (-(2**63), 2**63 - 1)

# "key?": may be missing. (low, high): an integer in that range. "a|b": one of these words. "u8": an array of numbers.
FIELDS = {
    "WELCOME": {"v": (1, 65535), "slot": "text", "beat_ms": (10, 3600000), "liveness": (1, 1000), "hold_s": (0, 31536000),
                "limits": {"frame": (65536, 67108864), "message": (65536, 268435456), "chunk": (4096, 4194304)},
                "resume?": UINT},
    "REFUSE": {"code": "text", "text": "text", "hint": "text", "retry": "bool"},
    "CONFIGURE": {"model": {"name": "text"}, "window_ns": (1, 2**32 - 1), "lag": (1, 2), "start_ns": INT, "key": "u8",
                  "ports": "list", "record": "map", "options": "map", "digest": "text"},
    "port": {"name": "text", "dir": "in|out", "kind": "rate|current|conductance|voltage|spikes", "unit": "text",
             "channels": (1, 2**32 - 1), "samples": (1, 2**32 - 1), "points?": "bool", "meaning?": "text"},
    "LOAD": {"number": UINT, "size": (1, 2**63 - 1), "sha256": "text", "frames": "list"},
    "STEP": {"t0_ns": INT, "t1_ns": INT, "in": "map", "set?": "list"},
    "SNAPSHOT": {"number": UINT, "kind": "memory|portable"},
    "CHUNK": {"number": UINT, "offset": UINT, "data": "u8"},
    "ACK": {"number": UINT, "received": UINT},
    "RESTORE": {"number": UINT, "size": UINT, "sha256": "text", "begin?": "bool"},
    "QUERY": {"names": "list"},
    "PING": {"clock": UINT},
    "PONG": {"clock": UINT},
    "ERROR": {"code": "text", "severity": "warn|window|fatal", "text": "text", "hint": "text", "place?": "map"},
    "BYE": {"reason": "done|user|drain|idle|fatal"},
}


class Problem(Exception):
    """Something that the host is to hear of. A worker's class may raise it in any of its functions:
    `raise Problem("E203", "tau is -1 ms; it has to be above 0")`. Codes: section 14 of PROTOCOL.md."""

    def __init__(self, code, text, hint=""):
        super().__init__(f"{code} {text}")
        self.code, self.text, self.hint = code, text, hint
