#!/usr/bin/env python3
"""Writes the seed corpus of the fuzz target of lists of synapses, which unit/connectomes_synapses.c reads too:
synapse_corpus.py FOLDER. All good ones hold the same four synapses of 3 sources and 4 targets."""
import pathlib
import sys

import numpy as np
import scipy.sparse

source, target = np.array([0, 2, 1, 2]), np.array([3, 0, 1, 2])
weight, delay = np.array([1.5, -2.0, 0.25, 4.0]), np.array([0.5, 1.0, 1.5, 2.0])


def main():
    out = pathlib.Path(sys.argv[1])
    lines = [f"{s},{t},{w},{d}" for s, t, w, d in zip(source, target, weight, delay)]
    (out / "plain.csv").write_text("\n".join(["source,target,weight (pA),delay (ms)"] + lines) + "\n")
    (out / "bare.csv").write_text("# no weights\ntarget;source\n" + "".join(f"{t};{s}\n" for s, t in zip(source, target)))
    np.savez(out / "list.npz", source=source.astype("u4"), target=target, weight=weight, delay=delay)
    np.savez_compressed(out / "units.npz", source=source, target=target.astype("u1"), weight=weight.astype("f4") * 1e-3,
                        delay=delay * 1e3, weight_unit="nA", delay_unit="us")
    np.save(out / "matrix.npy", np.column_stack([source, target, weight, delay]))
    for form in ("csr", "csc", "coo"):
        matrix = scipy.sparse.coo_matrix((weight, (source, target)), shape=(3, 4)).asformat(form)
        scipy.sparse.save_npz(out / f"{form}.npz", matrix)
    scipy.sparse.save_npz(out / "flags.npz", scipy.sparse.csr_matrix(
        (np.ones(4, bool), (source, target)), shape=(3, 4)))
    scipy.sparse.save_npz(out / "dia.npz", scipy.sparse.eye(3, 4, format="dia"))
    np.savez(out / "short.npz", source=source, target=target[:3])
    np.savez(out / "fraction.npz", source=source + 0.5, target=target)


if __name__ == "__main__":
    main()
