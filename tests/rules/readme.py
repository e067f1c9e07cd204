#!/usr/bin/env python3
"""The README is true: its commands run as they are written, its experiment is an excerpt of the example that it
names and passes `callosum check`, its pictures and links exist. argv: source and build folder."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD = (pathlib.Path(a) for a in sys.argv[1:3])
PROGRAM = BUILD / "bin/callosum"
# Not run from here: cloning has been done, and the tests are what runs this.
LEFT_OUT = re.compile(r"git clone |cd callosum$|\./quickstart test$")
failures = []


def check(is_true, what):
    if not is_true:
        print("FAILED:", what)
        failures.append(what)


def without_comment(line):
    return re.sub(r"(^|\s+)#.*$", "", line).rstrip()


def run_commands(text):
    before = set((SOURCE / "runs").glob("*"))
    n = 0
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        for line in block.splitlines():
            command = without_comment(line)
            if not command or LEFT_OUT.match(command):
                continue
            n += 1
            print("$", command, flush=True)
            environment = dict(os.environ, PATH=f"{BUILD / 'bin'}:{os.environ['PATH']}")
            done = subprocess.run(command, shell=True, cwd=SOURCE, env=environment, stdin=subprocess.DEVNULL)
            check(done.returncode == 0, f"{command}: exit status {done.returncode}")
    for made in set((SOURCE / "runs").glob("*")) - before:
        shutil.rmtree(made) if made.is_dir() else made.unlink()
    check(n > 0, "README.md has no command in a block of sh")


def check_example(text):
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)
    check(len(blocks) == 1, "README.md shows one experiment")
    example = (SOURCE / "examples/one-spiking-region/experiment.yaml").read_text()
    rest = [without_comment(line) for line in example.splitlines()]
    for line in blocks[0].splitlines():
        line = without_comment(line)
        if line and line not in rest:
            check(False, f"not in the example, or in another order: {line}")
        elif line:
            rest = rest[rest.index(line) + 1:]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "experiment.yaml"
        path.write_text(blocks[0])
        done = subprocess.run([PROGRAM, "check", path], stdout=subprocess.DEVNULL)
        check(done.returncode == 0, f"callosum check of the README's experiment: exit status {done.returncode}")


def check_links(text):
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not re.match(r"https?://", target):
            check((SOURCE / target).exists(), f"README.md names {target}, which is not there")
    for folder in re.findall(r"^    ([a-z]+)/ ", text, re.M):
        check((SOURCE / folder).is_dir(), f"README.md names the folder {folder}")


def main():
    text = (SOURCE / "README.md").read_text()
    if subprocess.run([PROGRAM, "help", "run"], capture_output=True).returncode != 0:
        print("skipped: this program has no verb run")
        sys.exit(77)
    check_links(text)
    check_example(text)
    run_commands(text)
    sys.exit(1 if failures else 0)


main()
