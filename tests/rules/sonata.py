#!/usr/bin/python3
"""What the program writes as SONATA is SONATA to a reader that knows the format's developer guide and h5py alone
(https://github.com/AllenInstitute/sonata): a circuit with its indices and tables, spikes, and a report. Takes SOURCE BUILD; exit
status 77 where h5py is absent."""
import csv
import json
import os
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
except ImportError as error:
    print("skipped:", error)
    sys.exit(77)

PROGRAM = os.path.join(sys.argv[2], "bin", "callosum")
N = {"E": 200, "I": 50, "R": 30, "given": 3}
EXPERIMENT = """callosum: 1
run: {duration: 100 ms, seed: 3}
network:
  populations:
    E: {neuron: lif, count: 200, parameters: {I_e: "uniform(400 pA, 700 pA)"}, positions: {kind: box, extent: [1 mm, 1 mm, 2 mm]}}
    I: {neuron: lif, count: 50, parameters: {I_e: 500 pA}, positions: {kind: grid, shape: [10, 5], spacing: 0.3 mm}}
    R: {neuron: adex, count: 30, parameters: {I_e: 700 pA}}
    given: {spikes: given.csv, count: 3}
  connections:
    - {from: E, to: R, in_degree: 10, multapses: true, receptor: excitatory, weight: 3 nS, delay: "uniform(1 ms, 3 ms)"}
    - {from: I, to: E, probability: 10 %, receptor: inhibitory, weight: "normal(-20 pA, 2 pA)", delay: 1.5 ms}
    - {from: given, to: E, all_to_all: true, receptor: excitatory, weight: 50 pA, delay: 1 ms}
    - {from: E, to: I, in_degree: 20, receptor: excitatory, weight: 20 pA, delay: 1.5 ms, plasticity: {rule: stdp, w_max: 100 pA}}
record:
  signals:
    - {what: V, of: E, every: 0.5 ms, neurons: [7, 3, 20..24 by 2]}
    - {what: spikes, neurons: all}
"""


def call(*words):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{words}: exit status {done.returncode}\n{done.stdout}{done.stderr}"


def expect(set_, kind, n):
    assert set_.dtype == np.dtype(kind) and set_.shape[0] == n, f"{set_.name}: {set_.dtype} {set_.shape}"
    return set_[...]


def open_sonata(path):
    file = h5py.File(path)
    assert file.attrs["magic"] == 0x0A7A and list(file.attrs["version"]) == [0, 1], path
    return file


def read_types(path, key, population):
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter=" ") if row["population"] == population]
    assert len({row[key] for row in rows}) == len(rows), f"{path}: a type twice"
    return {int(row[key]): row for row in rows}


def read_groups(group, kind, n):
    """Attributes of all nodes or edges, each in a group at a place."""
    of, at = expect(group[f"{kind}_group_id"], "u4", n), expect(group[f"{kind}_group_index"], "u8", n)
    for number in np.unique(of):
        sizes = {set_.shape[0] for set_ in group[str(number)].values() if isinstance(set_, h5py.Dataset)}
        assert all(at[of == number].max() < size for size in sizes), f"{group.name}/{number}: {sizes}"


def resolve(config, text):
    for _ in range(9):
        for name, value in config["manifest"].items():
            text = text.replace(name, value)
    return text


def check_nodes(file, types_path, components):
    for name, group in file["nodes"].items():
        n = N[name]
        assert list(expect(group["node_id"], "u8", n)) == list(range(n))
        types = read_types(types_path, "node_type_id", name)
        of_node = expect(group["node_type_id"], "u4", n)
        assert set(of_node) <= set(types), f"{name}: a type that the table lacks"
        read_groups(group, "node", n)
        row = types[of_node[0]]
        assert row["model_type"] == ("virtual" if name == "given" else "point_neuron"), row
        if name != "given":
            with open(os.path.join(components, row["dynamics_params"])) as params:
                assert all(isinstance(value, (int, float)) for value in json.load(params).values())
        yield name, group


def check_index(index, ids, n):
    """Ranges of each node hold its edges, and those alone."""
    assert np.array_equal(index["node_id_to_ranges"], index["node_id_to_range"])
    of_node, of_range = expect(index["node_id_to_ranges"], "u8", n), index["range_to_edge_id"][...]
    for node in range(n):
        edges = [k for begin, end in of_range[of_node[node][0]:of_node[node][1]] for k in range(begin, end)]
        assert edges == list(np.flatnonzero(ids == node)), f"{index.name}: node {node}"


def check_edges(file, types_path):
    for name, group in file["edges"].items():
        n = group["source_node_id"].shape[0]
        ends = {}
        for end in "source", "target":
            ids = expect(group[f"{end}_node_id"], "u8", n)
            population = group[f"{end}_node_id"].attrs["node_population"]
            assert ids.max() < N[population], f"{name}: a node that is not there"
            ends[end] = population, ids
        types = read_types(types_path, "edge_type_id", name)
        assert set(expect(group["edge_type_id"], "u4", n)) <= set(types), f"{name}: a type that the table lacks"
        read_groups(group, "edge", n)
        assert np.all(np.diff(ends["target"][1].astype(np.int64)) >= 0), f"{name} is not sorted by target"
        for end, way in ("source", "source_to_target"), ("target", "target_to_source"):
            check_index(group["indices"][way], ends[end][1], N[ends[end][0]])
        yield ends, n, group


def check_circuit(folder):
    with open(os.path.join(folder, "circuit_config.json")) as file:
        config = json.load(file)
    here = lambda text: os.path.join(folder, resolve(config, text))
    nodes, edges = {}, {}
    for entry in config["networks"]["nodes"]:
        file = open_sonata(here(entry["nodes_file"]))
        nodes.update(check_nodes(file, here(entry["node_types_file"]), here(config["components"]["point_neuron_models_dir"])))
    assert set(nodes) == set(N), nodes
    for entry in config["networks"]["edges"]:
        for ends, n, group in check_edges(open_sonata(here(entry["edges_file"])), here(entry["edge_types_file"])):
            edges[ends["source"][0], ends["target"][0]] = n, group
    assert {ends: n for ends, (n, _) in edges.items() if ends != ("I", "E")} == {("E", "R"): 300, ("given", "E"): 600, ("E", "I"): 1000}
    n, group = edges["I", "E"]
    assert abs(n - 1000) < 6 * 30 and abs(group["0/syn_weight"][...].mean() + 20.0) < 6 * 2 / 30  # six standard deviations
    assert np.all(group["0/delay"][...] == 1.5)
    assert len(np.unique(edges["E", "R"][1]["0/delay"])) == 21
    # a box around 0, and the middles of a grid's cells
    for axis, half in zip("xyz", (500.0, 500.0, 1000.0)):
        values = expect(nodes["E"]["0"][axis], "f8", 200)
        assert nodes["E"]["0"][axis].attrs["units"] == "um" and np.all(np.abs(values) < half) and np.ptp(values) > 1.8 * half
    assert "z" not in nodes["I"]["0"] and "x" not in nodes["R"]["0"]
    assert np.allclose(nodes["I"]["0/x"], np.tile((np.arange(10) - 4.5) * 300.0, 5))
    assert np.allclose(nodes["I"]["0/y"], np.repeat((np.arange(5) - 2) * 300.0, 10))
    assert np.ptp(nodes["E"]["0/dynamics_params/I_e"]) > 200.0
    with open(os.path.join(folder, "simulation_config.json")) as file:
        simulation = json.load(file)
    assert simulation["run"] == {"tstop": 100, "dt": 0.1} and simulation["network"] == "circuit_config.json"


def check_run(folder, run):
    spikes, own = open_sonata(os.path.join(folder, "spikes.h5")), h5py.File(run)
    for name, group in spikes["spikes"].items():
        times, ids = group["timestamps"], group["node_ids"]
        assert times.attrs["units"] == "ms" and h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype) == {"none": 0, "by_id": 1, "by_time": 2}
        assert group.attrs["sorting"] == 2 and np.all(np.diff(times) >= 0)
        expect(times, "f8", len(ids)), expect(ids, "u8", len(times))
        assert len(ids) > 5, name
        assert ids[...].max() < N[name] and times[...].max() <= 100.0, name
        assert np.array_equal(times, own[f"spikes/network.{name}/timestamps"]), name
    assert {"E", "I", "R"} == set(spikes["spikes"])
    report = open_sonata(os.path.join(folder, "V_E_report.h5"))["report/E"]
    start, stop, step = report["mapping/time"]
    assert report["mapping/time"].attrs["units"] == "ms" and report["data"].attrs["units"] == "mV"
    assert report["data"].shape == (round((stop - start) / step), 5) and report["data"].dtype == "f4" and step == 0.5
    assert list(report["mapping/node_ids"]) == [3, 7, 20, 22, 24] and report["mapping/node_ids"].attrs["sorted"] == 1
    assert list(report["mapping/index_pointers"]) == [0, 1, 2, 3, 4, 5] == list(report["mapping/index_pointer"])
    assert len(report["mapping/element_ids"]) == 5 == len(report["mapping/element_pos"]) and np.array_equal(report["data"], own["V_E"])


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    with open("experiment.yaml", "w") as file:
        file.write(EXPERIMENT)
    with open("given.csv", "w") as file:
        file.write("time (ms),neuron\n" + "".join(f"{t},{t % 3}\n" for t in range(5, 95, 5)))
    call("network", "export", "experiment.yaml", "--out", "circuit")
    check_circuit("circuit")
    call("run", "experiment.yaml", "--out", "run")
    call("export", "run", "--out", "sonata")
    check_run("sonata", "run/run.h5")
print("1 passed, 0 failed")
