"""Write what the code can say of itself: tables, and files that others read.

    make generate

A table stands between `<!-- name: command -->` and `<!-- end -->`; the command prints it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "docs/interface.md", "docs/troubleshooting.md", "docs/viewer.md")
INTERFACE = "python -m mem4d_ros.ros.interface"
FILES = {
    "mem4d_ros/weights/SHA256SUMS": "python -m mem4d_ros.doctor.weights",
    "config/mem4d.yaml": f"{INTERFACE}.parameters --yaml",
    "config/sros2_policy.xml": f"{INTERFACE}.sros2_policy",
    **{
        f"mem4d_ros/cli/completion/mem4d.{shell}": f"python scripts/completion.py {shell}"
        for shell in ("bash", "zsh", "fish")
    },
}
SECTION = re.compile(r"(<!-- \w+: (python .+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Write all of them anew."""
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        (ROOT / name).write_text(
            SECTION.sub(lambda found: found[1] + printed_by(found[2]) + found[3], text),
            encoding="utf-8",
        )
    for name, command in FILES.items():
        (ROOT / name).write_text(printed_by(command), encoding="utf-8")


@cache
def printed_by(command: str) -> str:
    """What a `python …` command prints when this interpreter runs it."""
    arguments = [sys.executable, *command.split()[1:]]
    return subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
