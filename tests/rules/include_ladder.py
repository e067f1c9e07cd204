#!/usr/bin/env python3
"""A file includes its own folder and those above it on the ladder of docs/architecture.md, across folders only
public headers (base/ is open to all), and an external library in one file per folder only. argv: source folder."""
import pathlib
import re
import sys

SOURCE = pathlib.Path(sys.argv[1])
FOLDERS = ["base", "protocols", "connectomes", "sonata", "recording", "monitors", "analysis", "nmm", "snn", "coupler", "workers", "experiment", "report", "cli", "bench"]

# External libraries by the prefix of their headers.
LIBRARIES = {
    "SUNDIALS": r"(arkode|cvode|sundials|nvector|sunmatrix|sunlinsol|sunnonlinsol)/",
    "HDF5": r"(hdf5|H5)",
    "ZeroMQ": r"zmq",
    "MessagePack": r"msgpack",
    "libyaml": r"yaml\.h",
    "libzip": r"zip\.h",
    "OpenSSL": r"openssl/",
    "bzip2": r"bzlib\.h",
    "zlib": r"zlib\.h",
    "libmatio": r"matio",
}


def read_ladder():
    """Level of each folder, from the line of docs/architecture.md."""
    text = (SOURCE / "docs/architecture.md").read_text()
    line = re.search(r"^    0 base .*$", text, re.M).group(0)
    levels = {}
    for level, names in re.findall(r"(\d) ([a-z][a-z, ]*)", line):
        for name in names.split(","):
            levels[name.strip()] = int(level)
    missing = [f for f in FOLDERS if f not in levels]
    if missing:
        sys.exit(f"docs/architecture.md: the ladder lacks {', '.join(missing)}")
    return levels


def check_file(path, folder, levels, users, problems):
    name = path.relative_to(SOURCE)
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^">]+)[">]', line)
        if not match:
            continue
        quote, header = match.groups()
        if quote == "<":
            for library, pattern in LIBRARIES.items():
                if re.match(pattern, header):
                    users.setdefault((folder, library), set()).add(str(name))
            continue
        is_public = header.startswith("callosum/")
        target = header[len("callosum/"):].removesuffix(".h") if is_public else header.split("/")[0]
        if "/" not in header or target == folder:
            continue
        if folder == "bench" and header.startswith("tests/support/"):
            continue  # benchmarks measure the networks that the tests verify
        if target not in levels:
            problems.append(f"{name}:{number}: {header} lies in no folder of the ladder")
        elif levels[target] >= levels[folder]:
            problems.append(f"{name}:{number}: {folder} (level {levels[folder]}) includes {header} (level {levels[target]})")
        elif not is_public and target != "base" and folder not in INTERNAL_USERS.get(target, ()):
            problems.append(f"{name}:{number}: {header} is internal to {target}; include callosum/{target}.h")


# Internal headers that a folder opens to certain others, with the reason.
INTERNAL_USERS = {
    "nmm": ["bench"],       # the floor of the delayed sum is that of its own kernel
    "analysis": ["experiment", "report", "cli"],  # numbers for run.h5, the page and the comparison
    "report": ["cli"],      # the page and the comparison have no public header: the program is their only user
    "experiment": ["cli"],  # so have the schema for `callosum help` and the templates
}


def main():
    levels = read_ladder()
    problems, users, n_files = [], {}, 0
    for folder in FOLDERS:
        for path in sorted((SOURCE / folder).rglob("*")):
            if path.suffix in (".c", ".h") and "results" not in path.parts:
                check_file(path, folder, levels, users, problems)
                n_files += 1
    for path in sorted((SOURCE / "include/callosum").glob("*.h")):
        if path.stem in levels:
            check_file(path, path.stem, levels, users, problems)
            n_files += 1
        else:
            problems.append(f"{path.name}: a public header without a folder")
    for (folder, library), files in sorted(users.items()):
        if len(files) > 1:
            problems.append(f"{library} is included in more than one file of {folder}: {', '.join(sorted(files))}")
    print("\n".join(problems))
    print(f"{n_files} files, {len(problems)} problems")
    sys.exit(1 if problems or n_files < 20 else 0)


main()
