"""Print the package's own messages and services as Markdown, for docs/interface.md."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KINDS = (("msg", "message"), ("srv", "service"))


def markdown() -> str:
    """Each definition under its name, comments and all."""
    parts = []
    for kind, word in KINDS:
        for path in sorted((ROOT / kind).glob(f"*.{kind}")):
            text = path.read_text(encoding="utf-8").strip()
            parts.append(f"### {word} `mem4d_ros/{path.stem}`\n\n```text\n{text}\n```\n")
    return "\n" + "\n".join(parts) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
