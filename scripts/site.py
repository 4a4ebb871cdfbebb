"""Hooks of MkDocs: pages that lie outside docs/, and links as the code host resolves them.

Every page is plain Markdown whose links lead through the repository, so that it reads on the code
host, too. In the site a file of docs/ lies at the top and any other at its own path; a file that
is linked, but is no page, is copied.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = (
    "MODEL_CARD.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "bench/RESULTS.md",
    "examples/README.md",
    "training/README.md",
)
"""Pages that lie outside docs/."""
INSTEAD = {"README.md": "docs/index.md"}
"""Files whose place another page takes in the site."""
LINK = re.compile(r"(\]\()([^)\s#:]+)(#[^)]*)?(\))")
SPHINX_ROLE = re.compile(r":(?:class|func|meth|mod|attr|data):<code>~?([\w.]+)</code>")


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add what lies outside docs/."""
    for name in OUTSIDE:
        _add(name, files, config)
    return files


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files, **_: Any
) -> str:
    """Turn links through the repository into links through the site."""
    here = page.file.src_uri
    folder = posixpath.dirname(here if here in OUTSIDE else f"docs/{here}")

    def through_site(match: re.Match[str]) -> str:
        opening, link, anchor, closing = match.groups(default="")
        target = posixpath.normpath(posixpath.join(folder, link))
        target = INSTEAD.get(target, target)
        if (ROOT / target / "README.md").is_file():
            target = f"{target}/README.md"
        if not (ROOT / target).is_file():
            return match[0]  # MkDocs says that it leads nowhere
        place = target.removeprefix("docs/")
        if files.get_file_from_path(place) is None:
            _add(target, files, config)
        return f"{opening}{posixpath.relpath(place, posixpath.dirname(here))}{anchor}{closing}"

    return LINK.sub(through_site, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Docstrings name other things in the manner of Sphinx: keep the names."""
    return SPHINX_ROLE.sub(r"<code>\1</code>", html)


def _add(name: str, files: Files, config: MkDocsConfig) -> None:
    files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
