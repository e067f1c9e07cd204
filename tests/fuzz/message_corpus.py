#!/usr/bin/env python3
"""Writes the inputs of fuzz_message: the messages of tests/golden/protocol.txt, whole, as bodies and as headers, and arrays.

usage: tests/fuzz/message_corpus.py    (from the source folder)"""
import pathlib
import struct

FOLDER = pathlib.Path("tests/fuzz/corpus/message")
TYPES = [1, 2, 3, 4, 5, 6, 10, 11, 20, 21, 22, 23, 24, 25, 30, 31, 40, 41, 42, 50, 51, 99, 7]


def messages():
    name, frames = None, []
    for line in pathlib.Path("tests/golden/protocol.txt").read_text().splitlines() + ["x x"]:
        if line.startswith("#"):
            continue
        if line.startswith(" "):
            frames.append(bytes.fromhex(line.split()[1]))
            continue
        if name:
            yield name, frames
        name, frames = line.split()[1].lower(), []


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    seen = {}
    for name, frames in messages():
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            name += f"-{seen[name]}"
        (FOLDER / f"whole-{name}").write_bytes(b"w" + b"".join(struct.pack("<H", len(f)) + f for f in frames))
        number = frames[0][frames[0].index(b"\xa1t") + 2]
        (FOLDER / f"body-{name}").write_bytes(b"b" + bytes([TYPES.index(number)]) + frames[1])
        if name in ("hello", "output", "restored"):
            (FOLDER / f"header-{name}").write_bytes(b"h" + frames[0])
    demand = bytes.fromhex("87a17601a17428a17301a16501a16e01a16d91a5636c6f636ba17881a161a162")
    (FOLDER / "header-demands").write_bytes(b"h" + demand)
    arrays = {"vector": bytes([1, 2, 1, 0, 0, 3, 0, 0, 0, 65, 66, 67]),
              "matrix": bytes([1, 10, 2, 0, 0]) + struct.pack("<II2d", 2, 1, 1.5, -2.0),
              "blob": bytes([2, 2, 1, 0, 0, 9, 0, 0, 0]),
              "empty": bytes([1, 9, 2, 0, 0]) + struct.pack("<II", 7, 0),
              "overflow": bytes([1, 10, 4, 0, 0]) + struct.pack("<4I", *[1 << 16] * 4),
              "deep": bytes([1, 1, 8, 0, 0]) + struct.pack("<8I", *[1] * 8) + b"x"}
    for name, extension in arrays.items():
        (FOLDER / f"array-{name}").write_bytes(b"a" + extension)
    nested = b"\x81\xa6values\x81\xa1x" + b"\x91" * 13 + b"\x90"
    (FOLDER / "body-nested").write_bytes(b"b" + bytes([TYPES.index(31)]) + nested)
    many = b"\x81\xa6values\xde\x00\x20" + b"".join(b"\xa1" + bytes([64 + i, i]) for i in range(32))
    (FOLDER / "body-many-keys").write_bytes(b"b" + bytes([TYPES.index(31)]) + many)


main()
