#!/usr/bin/env python3
"""Writes the seed corpus of the connectome fuzz targets: connectome_corpus.py FOLDER.

Small made-up connectomes in every form that the loaders know; the HDF5 seeds need h5py and are left
out without it."""

import bz2
import gzip
import io
import os
import sys
import zipfile

WEIGHTS = [[0, 1.5, 2e-3], [0.25, 0, 1], [3, 0, 0.125]]
LENGTHS = [[0, 20, 31.5], [20, 0, 12], [31.5, 12, 0]]
SYMMETRIC = [[0, 1, 2], [1, 0, 4.5], [2, 4.5, 0]]


def matrix(rows, mark=" "):
    return "".join(mark.join(str(x) for x in row) + "\n" for row in rows).encode()


def archive(members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in members.items():
            out.writestr(zipfile.ZipInfo(name), text)
    return data.getvalue()


def zips():
    base = {"weights.txt": matrix(WEIGHTS), "tract_lengths.txt": matrix(LENGTHS)}
    full = dict(base, **{
        "centres.txt": b"a 1 2 3\nb 4 5 6\nc 7 8 9\n", "areas.txt": b"1\n2\n3\n",
        "average_orientations.txt": matrix([[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        "cortical.txt": b"1\n1\n0\n", "hemispheres.txt": b"0\n1\n1\n", "info.txt": b'length_unit = "mm"\n'})
    yield "plain.zip", archive(base)
    yield "full.zip", archive(full)
    yield "packed.zip", archive({n + ".bz2": bz2.compress(t) for n, t in full.items()})
    yield "deep.zip", archive({"brain/" + n: t for n, t in full.items()})
    yield "stored.zip", archive({"weights.txt.gz": gzip.compress(base["weights.txt"], mtime=0),
                                 "tract_lengths.txt": base["tract_lengths.txt"]})


def arrays():
    try:
        import numpy as np
    except ImportError:
        print("no numpy: its seeds are left out")
        return

    def saved(function, *args, **named):
        data = io.BytesIO()
        function(data, *args, **named)
        return data.getvalue()

    w, l = np.array(SYMMETRIC), np.array(LENGTHS)
    names = np.array(["a", "b\u00e9", "c"])
    yield "plain.npz", saved(np.savez, weights=w, lengths=l)
    yield "packed.npz", saved(np.savez_compressed, SC=w.astype("f4"), D=np.asfortranarray(l), names=names, centres=np.eye(3))
    yield "stated.npz", saved(np.savez, w=np.triu(w), l=l, labels=names.astype("U").astype(object), weights_point="to-from")
    for i, kind in enumerate(("<f8", ">f4", "<f2", ">i2", "|u1", "|b1")):
        yield f"matrix{i}.npy", b"\1" + saved(np.save, w.astype(kind))
    yield "column.npy", b"\1" + saved(np.save, np.asfortranarray(l))
    yield "texts.npy", b"\1" + saved(np.save, names)
    yield "bytes.npy", b"\1" + saved(np.save, np.array([b"a", b"bc"]))
    yield "objects.npy", b"\1" + saved(np.save, np.array([{}], object))


def texts():
    labels = b"name\tx\ty\tz\na\t1\t2\t3\nb\t4\t5\t6\nc\t7\t8\t9\n"
    for i, mark in enumerate(",;\t "):
        yield f"plain{i}", bytes([i]) + matrix(SYMMETRIC, mark) + b"\0" + matrix(LENGTHS, mark)
    yield "labels", bytes([8 * 4]) + matrix(SYMMETRIC, ",") + b"\0" + matrix(LENGTHS, ",") + b"\0" + labels
    named = b",a,b,c\n" + b"".join(n + b"," + r + b"\n" for n, r in
                                   zip((b"a", b"b", b"c"), matrix(WEIGHTS, ",").splitlines()))
    yield "named", bytes([1 + 8 * 2]) + named + b"\0" + matrix(LENGTHS, ",")
    yield "index", bytes([2 + 8]) + b"0,1,2\n" + matrix(WEIGHTS, ",") + b"\0" + matrix(LENGTHS, " ")
    yield "words", bytes([1]) + b"0 nan -inf\n1 1e999 3\n# x\n1 2 3\n\0" + matrix(LENGTHS)
    yield "quoted", bytes([0]) + b'"a, b","c ""d""","e"\n' + matrix(SYMMETRIC, ",") + b"\0" + matrix(LENGTHS)


def images():
    try:
        import h5py
        import numpy as np
    except ImportError:
        print("no h5py: the HDF5 seeds are left out")
        return
    for name, options in (("plain.h5", {}), ("chunked.h5", {"chunks": (2, 2), "compression": "gzip"})):
        data = io.BytesIO()
        with h5py.File(data, "w") as h5:
            h5.create_dataset("weights", data=np.array(WEIGHTS), **options)
            h5.create_dataset("tract_lengths", data=np.array(LENGTHS, "f4"), **options)
            h5["region_labels"] = np.array([b"a", b"bb", b"c"])
            h5["centres"] = np.zeros((3, 3))
            h5["areas"] = np.ones((3, 1))
            h5["hemispheres"] = np.array([False, True, True])
        yield name, data.getvalue()
    data = io.BytesIO()
    with h5py.File(data, "w") as h5:
        h5["weights"] = h5py.ExternalLink("other.h5", "/weights")
        h5["tract_lengths"] = h5py.SoftLink("/weights")
        h5["region_labels"] = np.array(["a", "\u00e9"], dtype=h5py.string_dtype())
    yield "links.h5", data.getvalue()


def main():
    for target, seeds in (("connectome_zip", zips()), ("connectome_text", texts()), ("connectome_h5", images()),
                          ("connectome_npz", arrays())):
        folder = os.path.join(sys.argv[1], target)
        os.makedirs(folder, exist_ok=True)
        for name, data in seeds:
            with open(os.path.join(folder, name), "wb") as out:
                out.write(data)


if __name__ == "__main__":
    main()
