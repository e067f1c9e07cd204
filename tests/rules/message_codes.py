#!/usr/bin/env python3
"""docs/messages.md explains the codes that the program can print: all of them, and no others. argv: source folder."""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
folders = ["base", "connectomes", "monitors", "analysis", "nmm", "snn", "coupler", "protocols", "workers", "recording", "experiment", "report", "cli"]
used = {}
for folder in folders:
    for path in (source / folder).rglob("*.c"):
        for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', path.read_text()):
            for code in re.findall(r"\b([CE][1-5]\d\d)\b", text):
                used.setdefault(code, path.relative_to(source))
explained = set(re.findall(r"^\| ([CE]\d{3}) \|", (source / "docs/messages.md").read_text(), re.M))
problems = [f"docs/messages.md lacks {code} ({path})" for code, path in sorted(used.items()) if code not in explained]
problems += [f"docs/messages.md explains {code}, which nothing prints" for code in sorted(explained - used.keys())]
print("\n".join(problems))
print(f"{len(used)} codes, {len(problems)} problems")
sys.exit(1 if problems or len(used) < 10 else 0)
