"""Pairs of CURVE keys in the folder that `callosum keys` keeps: pairs/NAME holds

    callosum pair 1
    public <40 signs>
    secret <40 signs>
"""
import os
import re
import tempfile

import zmq
import zmq.utils.z85

TITLE = "callosum pair 1"


class KeysError(ValueError):
    """A key or its file cannot be used."""


def default_folder():
    config = os.environ.get("XDG_CONFIG_HOME", "")
    return os.environ.get("CALLOSUM_KEYS") or os.path.join(
        config if config.startswith("/") else os.path.expanduser("~/.config"), "callosum", "keys")


def check_public(text):
    try:
        if len(text) == 40 and len(zmq.utils.z85.decode(text)) == 32:
            return text
    except Exception:  # what z85 raises depends on its release
        pass
    raise KeysError(f'"{text[:80]}" is no public key: 40 signs, as the run prints them. Keep them in single quotes')


def _read(path):
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise KeysError(f"{path}: others may read this secret key; make a new pair, or: chmod 600")
        lines = file.read(4096).decode("ascii", "replace").splitlines()
    found = dict(line.split(" ", 1) for line in lines[1:] if " " in line)
    public, secret = found.get("public", ""), found.get("secret", "")
    if lines[:1] != [TITLE] or zmq.curve_public(secret.encode()).decode() != check_public(public):
        raise KeysError(f"{path}: no file of a pair of keys")
    return public, secret


def _make(path):
    public, secret = (key.decode() for key in zmq.curve_keypair())
    while not public[0].isalnum():  # so that a shell never takes it for an option
        public, secret = (key.decode() for key in zmq.curve_keypair())
    handle, unfinished = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".tmp")  # of mode 600
    with os.fdopen(handle, "w") as file:
        file.write(f"{TITLE}\npublic {public}\nsecret {secret}\n")
        file.flush()
        os.fsync(file.fileno())
    os.rename(unfinished, path)
    return public, secret


def pair(folder, name):
    """(public, secret) of the worker of this name; made where there is none yet."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", name) or name.endswith(".tmp"):
        raise KeysError(f'"{name[:80]}" is no name for a key: letters, digits, _ . - with a letter or digit first')
    pairs = os.path.join(folder, "pairs")
    for path in (folder, pairs):
        os.makedirs(path, mode=0o700, exist_ok=True)
        if os.stat(path).st_mode & 0o077:
            raise KeysError(f"others may enter the folder of keys {path}. Try: chmod 700 {path}")
    path = os.path.join(pairs, name)
    return _read(path) if os.path.lexists(path) else _make(path)
