"""Charts: what is drawn is what the data say, and nothing that a user writes is interpreted."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import warnings

import matplotlib
import numpy as np
import pytest
from example_results import arm, comparison, example_results
from matplotlib.colors import to_hex
from matplotlib.text import Text

from pathway_sim.analysis.results import Curve, Estimate, Results, StageSpan
from pathway_sim.report import style
from pathway_sim.report.charts import CHARTS
from pathway_sim.report.save_figure import render

NASTY = "$5 and $6 _^{\n\\frac{1}{2} <b>&amp; \x1b[31m\u202e%s {0} "
LONG = "accelerated_programme_with_" * 12
CASES = {
    "one arm": {"arms": 1},
    "only arm": {"arms": 1, "names": ("base",)},
    "two arms": {},
    "two arms, not knowing": {"band": True},
    "three arms": {"arms": 3, "change": 0.012},
    "four arms alike": {"arms": 4, "change": 0.0},
    "17 arms": {"arms": 17, "change": 0.003},
    "50 arms": {"arms": 50, "change": 0.0001},
    "nothing reached": {"zero": True},
    "long names": {"names": (LONG + "a", LONG + "b")},
    "nasty names": {"names": ("standard" + NASTY, NASTY)},
}


def drawn(name, results):
    data = CHARTS[name].data(results)
    return data, CHARTS[name].draw(data)


def by_id(figure, gid):
    return figure.findobj(lambda artist: artist.get_gid() == gid)


# --- what is drawn is what the data say ----------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["one arm", "two arms", "two arms, not knowing", "three arms", "17 arms"])
def test_availability_draws_exactly_its_data(case):
    data, figure = drawn("availability", example_results(**CASES[case]))
    for series, lines in (("curve", data.curves), ("difference", data.differences)):
        for line in lines:
            index = [curve.arm for curve in data.curves].index(line.arm)
            (artist,) = by_id(figure, f"availability-{series}-{index}")
            assert np.array_equal(artist.get_xdata(), line.days)
            assert np.array_equal(artist.get_ydata(), line.values)
            bands = by_id(figure, f"availability-{series}-{index}-band")
            assert len(bands) == (1 if line.low.size else 0)
            for band in bands:
                edge = {tuple(point) for point in band.get_paths()[0].vertices.tolist()}
                assert edge == {
                    (float(d), v) for limit in (line.low, line.high) for d, v in zip(line.days, limit, strict=True)
                }
    for median in data.medians:
        (dot,) = by_id(figure, f"availability-median-{median.index}")
        assert (dot.get_xdata(), dot.get_ydata()) == ([median.days], [median.share])


def test_the_curve_is_that_of_the_results_and_starts_at_nothing():
    curve = Curve(np.array([30, 60, 700]), *(np.array([0.1, 0.2, 0.5]) + shift for shift in (0, -0.01, 0.01)))
    results = example_results(1)
    goal = dataclasses.replace(results.arms["standard"].milestones["availability"], curve=curve)
    arms = {"standard": dataclasses.replace(results.arms["standard"], milestones={"availability": goal})}
    line = CHARTS["availability"].data(dataclasses.replace(results, arms=arms, horizon=1000.5)).curves[0]
    assert line.days.tolist() == [0, 30, 60, 700, 1000]
    assert line.values.tolist() == [0, 0.1, 0.2, 0.5, 0.5]
    assert not line.values.flags.writeable


def test_many_points_are_thinned_and_the_ends_kept():
    line = CHARTS["availability"].data(example_results()).curves[0]
    original = example_results().arms["standard"].milestones["availability"].curve
    assert len(line.days) <= 601
    assert (line.days[0], line.days[-1], line.values[-1]) == (0, original.days[-1], original.estimate[-1])
    assert np.array_equal(line.values, original.estimate[np.searchsorted(original.days, line.days)])


@pytest.mark.parametrize("case", ["one arm", "two arms", "three arms"])
def test_timeline_draws_exactly_its_data(case):
    data, figure = drawn("timeline", example_results(**CASES[case]))
    for index in range(len(data.arms)):
        bars = [bar for row in data.stages for bar in row.bars if bar.arm == index]
        patches = by_id(figure, f"timeline-bar-{index}")
        assert [(p.get_x(), p.get_width()) for p in patches] == [(b.start_p50, b.end_p50 - b.start_p50) for b in bars]
        (whiskers,) = by_id(figure, f"timeline-whisker-{index}")
        segments = [(segment[0][0], segment[1][0]) for segment in whiskers.get_segments()]
        assert segments == [(bar.end_p10, bar.end_p90) for bar in bars]
        for gid, certain in (("certain", True), ("open", False)):
            (marks,) = by_id(figure, f"timeline-{gid}-{index}")
            assert list(marks.get_xdata()) == [b.end_p50 for b in bars if b.decides and b.certain is certain]
            filled = to_hex(marks.get_markerfacecolor()) != style.BACKGROUND
            assert filled is certain
        (dot,) = by_id(figure, f"timeline-median-{index}")
        assert dot.get_xdata() == [data.arrivals[index].p50]


def test_stages_stand_in_order_of_start_and_absent_ones_are_left_out():
    results = example_results(1)
    data = CHARTS["timeline"].data(results)
    starts = [row.bars[0].start_p50 for row in data.stages]
    assert starts == sorted(starts)
    assert "rmat" not in [row.stage for row in data.stages]
    assert {row.stage: row.note for row in data.stages if row.note} == {"redesign": "in 25 %", "cmc_rework": "in 24 %"}
    assert [row.label for row in data.stages][:5] == ["IND", "Phase 1", "Gap 1 2", "Phase 2", "CMC gate A"]


def test_shares_that_differ_between_arms_are_given_for_each():
    results = example_results()
    spans = [dataclasses.replace(s, share=0.19) if s.stage == "redesign" else s for s in results.arms["rmat"].spans]
    arms = {**results.arms, "rmat": dataclasses.replace(results.arms["rmat"], spans=tuple(spans))}
    notes = {row.stage: row.note for row in CHARTS["timeline"].data(dataclasses.replace(results, arms=arms)).stages}
    assert notes["redesign"] == "in 25 % / 19 %"


def test_a_title_of_a_stage_is_preferred_to_its_name():
    @dataclasses.dataclass(frozen=True)
    class Titled(StageSpan):
        title: str = ""

    span = Titled("gap_1_2", 1, 0, 10, 20, 30, False, False, title="from Phase 1 to Phase 2")
    results = example_results(1)
    arms = {"standard": dataclasses.replace(results.arms["standard"], spans=(span,))}
    assert CHARTS["timeline"].data(dataclasses.replace(results, arms=arms)).stages[0].label == "From Phase 1 to Phase 2"


@pytest.mark.parametrize("name", CHARTS)
def test_tables_have_equal_keys_and_are_plain(name):
    rows = CHARTS[name].data(example_results()).table()
    assert len({tuple(row) for row in rows}) == 1
    assert json.loads(json.dumps(rows, allow_nan=False)) == [dict(row) for row in rows]


def test_the_table_of_availability_holds_the_end_of_every_curve():
    data = CHARTS["availability"].data(example_results())
    last = [row for row in data.table() if row["series"] == "share" and row["date"] == "2051-11-22"]
    assert [(row["arm"], row["estimate"]) for row in last] == [(c.arm, c.values[-1]) for c in data.curves]


# --- any text, any number of arms ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("case", CASES)
def test_all_text_is_on_the_page_and_apart(name, case):
    results = dataclasses.replace(example_results(**CASES[case]), title=NASTY * 9)
    _, figure = drawn(name, results)
    figure.canvas.draw()
    page = figure.bbox
    boxes = [(text.get_text(), text.get_window_extent()) for text in figure.findobj(Text) if text.get_text()]
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1 for _, box in boxes)
    for k, (text, box) in enumerate(boxes):
        for other, place in boxes[k + 1 :]:
            shared = min(box.x1, place.x1) - max(box.x0, place.x0), min(box.y1, place.y1) - max(box.y0, place.y0)
            assert min(shared) < 4, (text, other)  # ascents and descents may touch


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_text_of_users_is_drawn_as_it_stands(name, kind):
    results = dataclasses.replace(example_results(names=("a $x^2$", "b_$5 and $6")), title="costs $5 and $6 _^{ \\frac")
    data, figure = drawn(name, results)
    render(figure, kind)
    texts = figure.findobj(Text)
    assert not any(text.get_parse_math() or text.get_usetex() for text in texts)
    assert "costs $5 and $6 _^{ \\frac" in [text.get_text() for text in texts]
    assert not any(ord(c) < 32 or c == "\u202e" for c in data.captions.alt)


@pytest.mark.parametrize("name", CHARTS)
def test_letters_of_many_alphabets_and_missing_ones(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        render(drawn(name, dataclasses.replace(example_results(), title="Ψ терапия علاج ≥ 5 µg"))[1], "svg")
    with pytest.warns(style.MissingGlyphWarning, match="字漢"):
        data, figure = drawn(name, dataclasses.replace(example_results(), title="漢字 therapy"))
    assert "□□ therapy" in [text.get_text() for text in figure.findobj(Text)]
    assert data.captions.kicker == "漢字 therapy"


def test_long_titles_are_wrapped_and_cut_in_the_picture_only():
    results = example_results(names=("standard", LONG))
    data, figure = drawn("availability", dataclasses.replace(results, title="very " * 100))
    kicker = next(text.get_text() for text in figure.findobj(Text) if text.get_text().startswith("very"))
    assert kicker.endswith("…")
    assert data.captions.kicker == ("very " * 100).strip()
    assert style.wrap("a b c", 9.0, 10) == ["a b c"]
    lines = style.wrap("word " * 60, 3.0, 10)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert max(style.width(line, 10) for line in lines) <= 3.0


@pytest.mark.parametrize("horizon", [10.0, 45.0, 200.0, 700.0, 3000.0, 40_000.0, 3_000_000.0])
@pytest.mark.parametrize("name", CHARTS)
def test_any_horizon_can_be_drawn(name, horizon):
    base = arm("standard", 0.5, 1.0)
    days = np.arange(1, 11) * int(horizon) // 10
    curve = Curve(days, *(np.linspace(0.05, 0.5, 10) + shift for shift in (0, -0.02, 0.02)))
    given = {key: Estimate(share * horizon) for key, share in (("p10", 0.3), ("p50", 0.6), ("p90", 0.9))}
    goal = dataclasses.replace(base.milestones["availability"], curve=curve, given_reached=given)
    spans = tuple(
        StageSpan(f"s{k}", 1, horizon * k / 10, *(horizon * (k + d) / 10 for d in (0.5, 1, 2)), False, False)
        for k in range(6)
    )
    arms = {"standard": dataclasses.replace(base, milestones={"availability": goal}, spans=spans)}
    results = Results({}, "", "", example_results().as_of, horizon, "availability", arms)
    data, figure = drawn(name, results)
    render(figure, "svg")
    assert 2 <= len(data.dates) <= 16
    assert len(data.elapsed) <= 16


def test_facts_before_the_start_widen_the_timeline():
    spans = (
        StageSpan("phase_1", 1, -300.0, -10.0, -5.0, 0.0, True, True),
        StageSpan("x", 1, 5.0, 6.0, float("inf"), 9.0, False, False),
    )
    results = example_results(1)
    arms = {"standard": dataclasses.replace(results.arms["standard"], spans=spans)}
    data, figure = drawn("timeline", dataclasses.replace(results, arms=arms))
    assert data.span[0] == -300
    assert [row.stage for row in data.stages] == ["phase_1"]
    render(figure, "svg")


def test_the_timeline_shows_three_arms_and_says_so():
    data = CHARTS["timeline"].data(example_results(5))
    assert data.arms == ("standard", "RMAT", "accelerated approval")
    assert "The first 3 of 5 arms." in data.captions.subtitle


def test_the_baseline_comes_first_whatever_it_is_called():
    slow, quick = arm("zeta", 0.05, 12.5), arm("alpha", 0.06, 11.0)
    results = dataclasses.replace(
        example_results(), arms={"alpha": quick, "zeta": slow}, comparisons=(comparison(slow, quick),)
    )
    assert [curve.arm for curve in CHARTS["availability"].data(results).curves] == ["zeta", "alpha"]


# --- manners -------------------------------------------------------------------------------------------------------


def test_settings_of_matplotlib_are_neither_changed_nor_believed():
    results = example_results()
    plain = CHARTS["availability"].render(results)
    with matplotlib.rc_context(
        {"font.family": "serif", "lines.linewidth": 9, "svg.fonttype": "none", "text.parse_math": True}
    ):
        before = dict(matplotlib.rcParams)
        assert CHARTS["availability"].render(results) == plain
        assert dict(matplotlib.rcParams) == before


def test_naming_the_charts_does_not_load_matplotlib_and_drawing_does_not_load_pyplot():
    code = (
        "import sys; from pathway_sim.report.charts import CHARTS; assert 'matplotlib' not in sys.modules;"
        "from example_results import example_results; [c.render(example_results()) for c in CHARTS.values()];"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path), "PATH": ""})


def test_every_chart_is_found_by_its_name_and_described():
    assert all(chart.name == name and chart.summary for name, chart in CHARTS.items())
    assert set(CHARTS) >= {"availability", "timeline"}
