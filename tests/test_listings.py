"""Every listing in the README and in `docs/` is run: what stands below ``$ pathway-sim …`` must be what it prints.

A line ``…`` stands for any number of lines. Commands of one page run in one folder, in order.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from pathway_sim.cli import run_command_line

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
YAML = re.compile(r"^<!-- file: (\S+) -->\n+```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def listings(page: Path) -> list[tuple[str, str]]:
    """The commands of a page with the output that the page shows."""
    found = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def printed(command: str) -> str:
    """What a command prints on both streams."""
    program, *arguments = shlex.split(command)
    assert program == "pathway-sim", command
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        run_command_line(arguments)
    return stream.getvalue()


def pattern(output: str) -> str:
    """A regular expression for shown output."""
    lines = [line.rstrip() for line in output.rstrip("\n").split("\n")]
    some = r"(?:.*\n?)*?"
    text = "\n".join(some if line == "…" else re.escape(line) for line in lines)
    return text.replace(f"{some}\n", r"(?:.*\n)*?")


@pytest.mark.parametrize("page", [page for page in PAGES if listings(page)], ids=lambda page: page.name)
def test_listings_are_true(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in YAML.findall(page.read_text(encoding="utf-8")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    for command, output in listings(page):
        shown = "\n".join(line.rstrip() for line in printed(command).rstrip("\n").split("\n"))
        assert re.fullmatch(pattern(output), shown), f"{command} prints:\n{shown}"


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
