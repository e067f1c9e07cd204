"""Attaches a simulator that is written in Python, or has a Python interface, to runs of callosum.

    import callosum_worker

    class MyWorker(callosum_worker.Base):
        model = "my-model"                      # what experiments call it
        inputs, outputs = {"*": "Hz"}, {"*": "Hz"}

        def build(self, config): ...            # parameters, ports, the network of the region
        def step(self, t0, t1, inputs): ...     # a window (t0, t1] in ns -> {port: array}

    if __name__ == "__main__":
        callosum_worker.serve(MyWorker)

`python3 my_worker.py tcp://HOST:PORT --host-key KEY` then serves a region. docs/foreign-simulators.md tells the rest."""
import argparse
import ipaddress
import platform
import signal
import sys

import zmq

from . import keys
from .messages import Problem
from .model import LIF, Config, Port, Spikes
from .worker import VERSION, Worker

__all__ = ["LIF", "Base", "Config", "Port", "Problem", "Spikes", "serve"]
__version__ = VERSION.split()[1]


class Base:
    """What an author's class may leave as it is. `snapshot(self) -> bytes` and `restore(self, bytes)` are there or not; with them
    a run goes on after the worker was lost, and has checkpoints. So is `set(self, path, value, unit)`."""

    model = "unnamed"     # a name, or a tuple of names
    version = "1"         # another one where equal parameters give other results
    inputs = outputs = None  # {pattern of names of ports: unit}; None: build() checks config.inputs and config.outputs itself
    deterministic = False  # equal inputs and key give equal outputs, bit for bit
    device = "CPU"

    def build(self, config):
        """Makes the model. May return {"neurons": n, "synapses": m}. What cannot be built raises Problem or ValueError."""
        raise NotImplementedError

    def step(self, t0, t1, inputs):
        """Advances from t0 to t1, nanoseconds. `inputs`: {port: array (channels x samples), or Spikes}. Returns the same for the
        ports of config.outputs; a plain number stands for all values of a port."""
        raise NotImplementedError


def _is_private(endpoint):
    """Whether plaintext may go there: to a file of this machine, or its loopback."""
    host = endpoint.removeprefix("tcp://").rpartition(":")[0].strip("[]")
    try:
        return not endpoint.startswith("tcp://") or host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def serve(author, argv=None):
    """Serves as the command line says, then ends the program: with 0 after Ctrl-C or a run with --once, else with 1."""
    p = argparse.ArgumentParser(description=f"Serves the model {author.model} to runs of callosum.")
    p.add_argument("endpoint", help="what the run prints: tcp://HOST:PORT")
    p.add_argument("--host-key", metavar="KEY", help="the host's public key, as it prints it; without it the link is not encrypted")
    p.add_argument("--name", default=platform.node() or "worker", help="of this worker, and of its key; default: the machine's")
    p.add_argument("--slot", metavar="REGION", help="serves this region only; default: any that waits")
    p.add_argument("--once", action="store_true", help="ends after one run; default: waits for the next")
    p.add_argument("--keys", metavar="DIR", help="the folder of keys; default: ~/.config/callosum/keys")
    options = p.parse_args(argv)
    stops = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, frame: stops.append(n) if not stops else sys.exit(1))
    try:
        pair = None
        if options.host_key is None and not _is_private(options.endpoint):
            raise keys.KeysError(f"plaintext is for ipc and loopback: {options.endpoint} needs --host-key, as the run prints it")
        if options.host_key is not None:
            keys.check_public(options.host_key)
            pair = keys.pair(options.keys or keys.default_folder(), options.name)
        worker = Worker(author, options.endpoint, options.name, options.slot, options.host_key, pair, options.once,
                        lambda: bool(stops))
        status = worker.run()
    except zmq.ZMQError as error:
        sys.exit(f"{p.prog}: {options.endpoint}: {error}")
    except (keys.KeysError, OSError) as error:
        sys.exit(f"{p.prog}: {error}")
    sys.exit(status)
