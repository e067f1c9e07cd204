"""The link of lossy_link.c: two network namespaces, between which it carries packets as its states say."""
import os
import re
import shutil
import subprocess

from support import Skip

HOST_ADDRESS = "10.77.0.1"  # of side 0


class Link:
    def __init__(self, build, *states, seed=1):
        program = os.path.join(build, "tests", "lossy_link")
        if shutil.which("nsenter") is None or not os.path.exists(program):
            raise Skip(f"it needs nsenter and {program}")
        self.process = subprocess.Popen([program, str(seed), *states], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.sides = [self.process.stdout.readline().split() for _ in range(2)]  # how to run a command there
        if not all(self.sides):
            raise Skip(f"no link of packets here: {self.process.communicate()[1].strip()}")

    def close(self):
        """Its end, and that of its namespaces. The figures of each state."""
        said = self.process.communicate()[0]
        return [{what: int(n) for n, what in re.findall(r"(\d+) (\w+)", line)} for line in said.splitlines()]
