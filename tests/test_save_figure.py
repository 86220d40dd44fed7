"""Files of figures: equal bytes, whole or not there, with words for those who cannot see; what pictures share."""

from __future__ import annotations

import io
import itertools
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from example_results import example_results
from PIL import Image

from pathway_sim.errors import StorageError, UsageError
from pathway_sim.report import style
from pathway_sim.report.charts import CHARTS, frame, ticks
from pathway_sim.report.charts.timeline_figure import bar_look
from pathway_sim.report.save_figure import KINDS, render, write

SVG = "{http://www.w3.org/2000/svg}"
ALT = 'Curves <of> "two" arms & their difference, 7 % — Ψ'


@pytest.fixture
def figure():
    return CHARTS["availability"].figure(example_results())


def test_two_processes_write_the_same_bytes(tmp_path):
    code = (
        "import sys; from example_results import example_results; from pathway_sim.report.charts import CHARTS\n"
        "for name in CHARTS:\n for kind in ('svg', 'png', 'pdf'):\n"
        "  CHARTS[name].save(example_results(), f'{sys.argv[1]}/{name}.{kind}')"
    )
    folders = [tmp_path / "one", tmp_path / "two"]
    for number, folder in enumerate(folders):
        folder.mkdir()
        env = {**os.environ, "PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": str(number)}
        env["SOURCE_DATE_EPOCH"] = str(10**9 * number)
        subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env=env)
    written = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders]
    assert len(written[0]) == len(CHARTS) * len(KINDS)
    assert written[0] == written[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_can_be_rendered_again_and_names_no_version_or_date(figure, kind):
    data = render(figure, kind, title="T", alt=ALT)
    assert render(figure, kind, title="T", alt=ALT) == data
    lowered = data.lower()
    assert b"matplotlib v" not in lowered
    assert b"software" not in lowered
    assert b"creationdate" not in lowered
    assert b"dc:date" not in lowered


def test_svg_has_title_and_description_and_is_well_formed(figure):
    root = ET.fromstring(render(figure, "svg", title="A <title>", alt=ALT))
    first, second = list(root)[:2]
    assert (first.tag, first.text) == (f"{SVG}title", "A <title>")
    assert (second.tag, second.text) == (f"{SVG}desc", ALT)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{first.get('id')} {second.get('id')}"
    assert len(root.findall(f".//{SVG}title")) == 1


def test_png_and_pdf_carry_their_words(figure):
    with Image.open(io.BytesIO(render(figure, "png", title="T", alt=ALT))) as image:
        assert (image.text["Title"], image.text["Description"]) == ("T", ALT)
        assert image.size == (2000, 1120)
    assert b"/Subject" in render(figure, "pdf", title="T", alt=ALT)


def test_words_without_control_characters_go_into_every_format(figure):
    for kind in KINDS:
        render(figure, kind, title="a\x00b\x1b\n\ud800c", alt="\ufffe\x0c")
    ET.fromstring(render(figure, "svg", title="a\x00b\x1b\n\ud800c", alt="\ufffe\x0c"))


@pytest.mark.parametrize("name", ["chart.gif", "chart", "chart.jpeg", ".svg"])
def test_other_formats_are_refused(figure, tmp_path, name):
    with pytest.raises(UsageError, match=r"choose \.svg, \.png or \.pdf"):
        write(figure, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_replaces_the_one_before_and_leaves_nothing_else(figure, tmp_path):
    path = tmp_path / "chart.SVG"
    path.write_text("before")
    write(figure, str(path))
    assert path.read_bytes().startswith(b"<?xml")
    assert [p.name for p in tmp_path.iterdir()] == ["chart.SVG"]


def test_what_cannot_be_written_is_a_storage_error_and_the_old_file_stays(figure, tmp_path, monkeypatch):
    with pytest.raises(StorageError, match="cannot write"):
        write(figure, tmp_path / "no folder" / "chart.svg")
    path = tmp_path / "chart.svg"
    path.write_text("before")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        write(figure, path)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["chart.svg"]
    monkeypatch.undo()
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(StorageError):
        write(figure, tmp_path / "folder.svg")


# --- what pictures share -------------------------------------------------------------------------------------------


def test_text_can_be_read_and_lines_can_be_told_apart():
    for colour in (style.INK, style.QUIET, *map(style.readable, style.COLOURS)):
        assert style.contrast(colour, style.BACKGROUND) >= 4.5
        assert style.contrast(colour, style.STRIPE) >= 4.1
    assert style.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert style.contrast("#767676") == pytest.approx(4.54, abs=0.01)
    looks = [(style.arm_colour(k), style.arm_dashes(k)) for k in range(49)]
    assert len(set(looks)) == 49
    assert len({style.arm_dashes(k) for k in range(7)}) == 7  # in grey, too


def test_bars_of_arms_differ_without_colour():
    assert len({bar_look(k)["hatch"] for k in range(3)}) == 3
    assert len({bar_look(k)["facecolor"] for k in range(3)}) == 3


def test_labels_are_spread_as_little_as_possible():
    assert frame.spread([], 1, 0, 1) == []
    assert frame.spread([0.5], 1, 0, 1) == [0.5]
    assert frame.spread([0.2, 0.8], 0.1, 0, 1) == [0.2, 0.8]
    assert frame.spread([0.5, 0.5], 0.2, 0, 1) == pytest.approx([0.4, 0.6])
    assert frame.spread([0.0, 0.0, 0.9], 0.2, 0, 1) == pytest.approx([0.0, 0.2, 0.9])
    assert frame.spread([1.0, 1.0], 0.2, 0, 1) == pytest.approx([0.8, 1.0])
    assert sorted(frame.spread([0.3] * 9, 0.5, 0, 1)) == pytest.approx(np.linspace(0, 1, 9))


@pytest.mark.parametrize("count", [2, 5, 17])
def test_spread_labels_keep_distance_order_and_limits(count):
    values = np.abs(np.sin(np.arange(1, count + 1) * 12.9898)).tolist()
    placed = frame.spread(values, 0.05, 0, 1)
    ordered = [place for _, place in sorted(zip(values, placed, strict=True))]
    assert all(b - a >= 0.05 - 1e-12 for a, b in itertools.pairwise(ordered))
    assert min(placed) >= 0
    assert max(placed) <= 1 + 1e-12


@pytest.mark.parametrize(
    ("highest", "labels"),
    [
        (0.068, ["0 %", "2 %", "4 %", "6 %", "8 %"]),
        (0.115, ["0.0 %", "2.5 %", "5.0 %", "7.5 %", "10.0 %", "12.5 %"]),
        (0.93, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        (1.0, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        (0.0004, ["0.00 %", "0.01 %", "0.02 %", "0.03 %", "0.04 %"]),
    ],
)
def test_share_axes_end_at_a_round_number(highest, labels):
    assert [tick.label for tick in ticks.share_ticks(highest)] == labels


def test_difference_axes_hold_nothing_and_all_values():
    assert [t.label for t in ticks.difference_ticks([-0.002, 0.006])] == ["−0.5", "0", "+0.5", "+1.0"]
    assert [t.label for t in ticks.difference_ticks([0.0])] == ["−1", "0", "+1"]


def test_calendar_ticks_are_first_days_of_round_years_or_months():
    as_of = example_results().as_of
    years = ticks.calendar_ticks(as_of, 0, 9131)
    assert [t.label for t in years][:3] == ["2028", "2030", "2032"]
    assert years[0].position == 405  # 22 November 2026 to 1 January 2028
    assert [t.label for t in ticks.calendar_ticks(as_of, 0, 200)] == [
        "Dec 2026", "Jan 2027", "Feb 2027", "Mar 2027", "Apr 2027", "May 2027", "Jun 2027",
    ]  # fmt: skip
    assert [t.label for t in ticks.calendar_ticks(as_of, 0, 8)] == ["22 Nov 2026", "30 Nov 2026"]
    assert [t.label for t in ticks.elapsed_ticks(0, 9131)][:3] == ["start", "2 years", "4"]
    assert [t.label for t in ticks.elapsed_ticks(-70, 100, "months")] == ["−2", "−1", "start", "1 month", "2", "3"]
