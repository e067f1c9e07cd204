"""What an author's class sees: ports, the configuration, the network of the region."""
import collections
import fnmatch
import math
import re

import numpy as np

from .messages import Problem

UNITS = {"rate": ("Hz",), "current": ("pA", "nA", "1"), "conductance": ("nS", "1"), "voltage": ("mV", "1"), "spikes": ("event",)}

Port = collections.namedtuple("Port", "name is_input kind unit channels samples points meaning")
Port.__doc__ = """What crosses the border in a window. `kind` is rate, current, conductance, voltage (an array of `channels` rows and
`samples` equal bins) or spikes (ids are below `channels`). `points`: values at the ends of the bins instead of means over them."""

Spikes = collections.namedtuple("Spikes", "dt_ns id")
Spikes.__doc__ = """Events of a window: times after its begin in 1 ... window_ns, and the channels; arrays of equal length."""

# Parameters of the neuron lif with currents, excitation alone (docs/neurons.md).
LIF = {"C_m": 250.0, "tau_m": 10.0, "tau_exc": 2.0, "E_L": -65.0, "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0, "I_e": 0.0}

_PREFIXES = {"": 0, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9}
_UNIT = re.compile(r"([fpnumkMG]?)(s|V|A|S|F|Hz|Ohm|m)|1|%")


def _factor(text):
    """(base unit, power of ten) of a unit."""
    match = _UNIT.fullmatch(text)
    if match is None:
        return None
    if match[2] is None:
        return "1", -2 if text == "%" else 0
    return match[2], _PREFIXES[match[1]]


def convert(value, unit):
    """A number in `unit` of a number, or of a text such as "20 ms"."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    match = re.fullmatch(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(\S+)\s*", value) if isinstance(value, str) else None
    given, wanted = _factor(match[2]) if match else None, _factor(unit)
    if given is None or wanted is None or given[0] != wanted[0]:
        raise ValueError(f"{value!r} is no number in {unit}")
    power = given[1] - wanted[1]
    return float(match[1]) * 10.0**power if power >= 0 else float(match[1]) / 10.0**-power


class Config:
    """What CONFIGURE says. `parameters`: what the experiment tells the model; read them with value() and text(), for those that
    nobody reads are refused. `network`: the region as the experiment writes it, or None. `step_ns`: the step that the experiment
    asks for; `build` may put another one there. `time_ns`: of the state at hand, also of one that restore() is given. `seed`: a number below 2^63 of the slot's key, for simulators that want one."""

    def __init__(self, body):
        model = body["model"]
        self.model, self.parameters = model["name"], model.get("parameters", {})
        self.network = Network(model["network"]) if isinstance(model.get("network"), dict) else None
        self.window_ns, self.start_ns, self.lag = body["window_ns"], body["start_ns"], body["lag"]
        self.record, self.options = body["record"], body["options"]
        self.key = body["key"].tobytes()
        self.seed = int.from_bytes(self.key, "little") % (2**63 - 25)  # a prime: all bytes of the key count
        ports = [Port(p["name"], p["dir"] == "in", p["kind"], p["unit"], p["channels"], p["samples"], p.get("points", False),
                      p.get("meaning", "")) for p in body["ports"]]
        self.inputs = {p.name: p for p in ports if p.is_input}
        self.outputs = {p.name: p for p in ports if not p.is_input}
        self.step_ns = model.get("step_ns") or (self.network.step_ns if self.network else 0) or self.window_ns
        self.known = set()
        if len(self.inputs) + len(self.outputs) != len(ports) or len(self.key) != 16:
            raise Problem("E106", "two ports have one name, or the key has not 16 bytes")
        if not isinstance(self.parameters, dict) or not set(model) <= {"name", "parameters", "network", "step_ns"}:
            raise Problem("E203", f"the model has keys that are not known here: {', '.join(sorted(model))}")

    def value(self, name, unit, default, low=-math.inf, high=math.inf):
        """A parameter as a number in `unit`: the experiment says 20 (of that unit) or "20 ms"."""
        self.known.add(name)
        try:
            number = convert(self.parameters.get(name, default), unit)
        except ValueError as error:
            raise Problem("E203", f"parameter {name}: {error}") from None
        if not low <= number <= high:
            raise Problem("E203", f"parameter {name} is {number:g} {unit}; it has to be from {low:g} to {high:g}")
        return number

    def text(self, name, default):
        """A parameter as it is written: a text, or true or false."""
        self.known.add(name)
        return self.parameters.get(name, default)

    def random(self, step, use=0):
        """A generator whose numbers are a function of (key of the slot, step, use) alone, so that a worker that draws from it
        needs no state of its generator in its snapshots, and gives the same numbers whenever it joins."""
        bits = np.random.Philox(key=int.from_bytes(self.key, "little"), counter=[0, use, step, 0])
        return np.random.Generator(bits)

    def check_unread(self):
        unknown = sorted(set(self.parameters) - self.known)
        if unknown:
            known = ", ".join(sorted(self.known)) or "none"
            raise Problem("E203", f"the model {self.model} has no parameter {unknown[0]!r}", f"its parameters: {known}")


class Network:
    """The region as the experiment writes it (protocols/NETWORK-MODEL.md), here as plain dictionaries and lists."""

    # what says nothing about the dynamics: positions matter to projections alone
    ALWAYS = {"name", "network", "dt_ns", "window_ns", "seed", "stream", "populations", "ports", "spaces", "record_fraction",
              "record_subset", "memory_budget_bytes"}

    def __init__(self, members):
        self.members, self.step_ns = members, members["dt_ns"]
        self.populations, self.ports = members.get("populations", []), members.get("ports", [])

    def get(self, name):
        return self.members.get(name, [])

    def need_only(self, *served):
        """Refuses a network that has more than populations, ports and what is listed: it would be another network."""
        others = sorted(name for name, value in self.members.items() if name not in self.ALWAYS and name not in served and value)
        if others:
            raise Problem("E203", f"this worker serves no {', '.join(others)}", f"it serves {', '.join(served) or 'none of them'}")

    def neurons(self, index, kind, defaults):
        """(count, parameters) of a population of neurons of that kind, all alike; `defaults` are those of docs/neurons.md."""
        population = self.populations[index]
        if population.get("neuron") != kind:
            raise Problem("E201", f"population {population.get('name', index)} is not of neurons {kind}")
        values = dict(defaults)
        for setting in population.get("settings", []):
            if setting["name"] not in values or setting["value"]["kind"] != "constant":
                raise Problem("E203", f"this worker takes no {setting['name']}, or not as a distribution")
            values[setting["name"]] = setting["value"].get("a", 0.0)
        return population["n"], values

    def poisson_into(self, receptor):
        """The Poisson inputs and ports of a network of one population, all constant and into that receptor."""
        drives = self.get("poissons") + [port for port in self.ports if port["kind"] == "poisson"]
        if len(self.populations) != 1 or any(drive["receptor"] != receptor or "wave" in drive for drive in drives):
            raise Problem("E203", f"this worker serves one population with constant Poisson input, {receptor}")
        return drives


# ---- signals on the wire ---------------------------------------------------------------------------------------------------------


def check_ports(ports, served, direction):
    """`served`: patterns of names with the unit, as the class declares them; None: the class checks the ports itself."""
    for port in ports.values():
        if port.unit not in UNITS[port.kind]:
            raise Problem("E202", f"port {port.name} carries a {port.kind} in {port.unit}")
        units = [unit for pattern, unit in (served or {}).items() if fnmatch.fnmatchcase(port.name, pattern)]
        if served is not None and port.unit not in units:
            here = f"is in {' or '.join(units)} here" if units else "is not served here"
            raise Problem("E202", f"port {port.name} ({direction}, {port.unit}) {here}")


def _check_array(array, port, what):
    if array.shape != (port.channels, port.samples):
        raise Problem("E202", f"port {port.name} {what} {port.channels} x {port.samples} values, not {list(array.shape)}")
    if not np.isfinite(array).all():
        raise Problem("E302", f"port {port.name} {what} a value that is not finite")
    return array


def _check_spikes(spikes, port, window_ns):
    dt_ns, ids = spikes
    if dt_ns.shape != ids.shape or dt_ns.ndim != 1:
        raise Problem("E106", f"port {port.name}: {dt_ns.shape} times and {ids.shape} ids")
    if len(ids) and not (0 < dt_ns.min() and dt_ns.max() <= window_ns and 0 <= ids.min() and ids.max() < port.channels):
        raise Problem("E106", f"port {port.name}: a spike lies outside of the window or of the {port.channels} channels")


def read_inputs(received, ports, window_ns):
    """`in` of STEP as {name: array or Spikes}; arrays cannot be written to."""
    inputs = {}
    for name, port in ports.items():
        value = received.get(name)
        if port.kind != "spikes":
            if not isinstance(value, np.ndarray) or value.dtype != np.float64:
                raise Problem("E106", f"port {name} is given no array of reals")
            inputs[name] = _check_array(value, port, "is given")
            continue
        parts = [value.get(key) if isinstance(value, dict) else None for key in Spikes._fields]
        if not all(isinstance(part, np.ndarray) and part.dtype == np.uint32 for part in parts):
            raise Problem("E106", f"port {name} is given no lists of spikes")
        _check_spikes(parts, port, window_ns)
        order = parts[0].astype(np.uint64) << 32 | parts[1]
        if (order[1:] < order[:-1]).any():
            raise Problem("E106", f"the spikes of port {name} are not sorted")
        inputs[name] = Spikes(*parts)
    return inputs


def write_outputs(given, ports, window_ns):
    """What `step` gave as `out` of OUTPUT."""
    if not isinstance(given, dict) or set(given) != set(ports):
        have = sorted(given) if isinstance(given, dict) else type(given).__name__
        raise Problem("E202", f"step gives {have}; the ports are {sorted(ports)}")
    out = {}
    for name, port in ports.items():
        if port.kind != "spikes":
            value = np.asarray(given[name], np.float64)
            value = np.full((port.channels, port.samples), value) if value.ndim == 0 else value
            out[name] = _check_array(value, port, "gives")
            continue
        dt_ns, ids = (np.asarray(part, np.int64) for part in given[name])
        _check_spikes((dt_ns, ids), port, window_ns)
        order = np.lexsort((ids, dt_ns))
        out[name] = {"dt_ns": dt_ns[order].astype(np.uint32), "id": ids[order].astype(np.uint32)}
    return out
