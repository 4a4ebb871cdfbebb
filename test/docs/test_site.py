"""The site is built without a warning, its links lead somewhere, no other host is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
pytest.importorskip("mkdocs", reason="builds the site with MkDocs (requirements/docs.txt)")
pytest.importorskip("material", reason="builds the site with Material (requirements/docs.txt)")
pytestmark = pytest.mark.slow

FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""Elements, and the attribute that makes a browser fetch something."""
NOT_FETCHED = ("canonical", "next", "prev")


class PageReader(HTMLParser):
    """The ids of a page, where its links lead, and what a browser fetches with it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids.add(values.get("id", ""))
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if FETCHED.get(tag) in values and values.get("rel") not in NOT_FETCHED:
            self.fetched.append(values[FETCHED[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a warning fails."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, PageReader]:
    """Every page of it; 404.html is served under any address, so its links are not its own."""
    found = {
        path: PageReader(path.read_text(encoding="utf-8"))
        for path in site.rglob("*.html")
        if path.name != "404.html"
    }
    assert len(found) > 20
    return found


def test_every_link_within_leads_to_a_page_and_a_place_on_it(
    pages: dict[Path, PageReader],
) -> None:
    broken = []
    for path, page in pages.items():
        for link in (*page.links, *page.fetched):
            address = urlsplit(link)
            if address.scheme:
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            place = unquote(address.fragment)
            lost = place and target in pages and place not in pages[target].ids
            if lost or not target.exists():
                broken.append(f"{path.name}: {link}")
    assert broken == []


def test_nothing_is_asked_of_another_host(pages: dict[Path, PageReader]) -> None:
    asked = {link for page in pages.values() for link in page.fetched if urlsplit(link).netloc}
    assert asked == set()


def test_style_sheets_ask_nothing_either(site: Path) -> None:
    sheets = list(site.rglob("*.css"))
    assert sheets
    assert [s.name for s in sheets if "url(http" in s.read_text(encoding="utf-8")] == []


def test_every_page_of_docs_is_in_the_navigation(pages: dict[Path, PageReader], site: Path) -> None:
    home = pages[site / "index.html"]
    listed = {(site / urlsplit(link).path).resolve() for link in home.links}
    assert sorted(path.name for path in pages if path.resolve() not in listed) == []
