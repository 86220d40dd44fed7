"""The map of a pathway: every stage once, every reference an edge, nothing drawn over anything else."""

from __future__ import annotations

import io
import itertools
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from pathways import random_pathway
from PIL import Image

from pathway_sim.cli import run_command_line
from pathway_sim.document import plain
from pathway_sim.errors import UsageError
from pathway_sim.report import map as maps
from pathway_sim.report import style
from pathway_sim.report.map.boxes import PAD, TEXT, TITLE
from pathway_sim.report.map.channels import Piece, crossings, intervals, tracks
from pathway_sim.report.map.graph import Outcome, pathway_map
from pathway_sim.report.map.grid import columns, leads_back
from pathway_sim.report.map.layout import layout
from pathway_sim.report.map.look import LINES, box_look
from pathway_sim.report.map.mermaid import escaped, mermaid
from pathway_sim.scenario import load
from pathway_sim.scenario.library import SHIPPED
from pathway_sim.stages.expressions import read_expression

ROOT = Path(__file__).resolve().parent.parent
HEAD = {"format": 1, "name": "hand", "title": "By hand", "as_of": "2026-01-01", "horizon": "9 years"}
TRIAL = {"kind": "trial", "duration": "1 year", "success": 0.5}
RANDOM = range(120)


def loaded(stages, **more):
    document = {**HEAD, "stages": stages, "milestones": {"arrival": list(stages)[-1]}, "goal": "arrival", **more}
    return load(yaml.safe_dump(document).encode())


def mapped(stages, **more):
    return pathway_map(loaded(stages, **more).pathways["base"])


def work(after=(), **fields):
    return {"kind": "work", "duration": "1 day", **({"after": after} if after else {}), **fields}


def node(drawn, name):
    (found,) = [each for each in drawn.nodes if each.id == name]
    return found


def edges(drawn, target):
    return {(edge.source, edge.kind, edge.label) for edge in drawn.edges if edge.target == target}


def random_map(k):
    (pathway,) = load(yaml.safe_dump(random_pathway(k)).encode()).pathways.values()
    return pathway_map(pathway)


def shipped_map(name, arm):
    return pathway_map(load(name).pathways[arm])


def run(capsys, *arguments):
    code = run_command_line(arguments)
    return code, *capsys.readouterr()


# --- the graph --------------------------------------------------------------------------------------------------------


def test_a_chain_of_stages():
    drawn = mapped({"one": {**TRIAL, "title": "The first"}, "two": work(["one.success"], track="access")})
    one, two, arrival = drawn.nodes
    assert (one.title, one.track, one.begins, one.waits, one.runs) == ("The first", "clinical", True, "day 0", "always")
    assert one.outcomes == (Outcome("success", False), Outcome("failed", True))
    assert (two.title, two.track, two.begins, two.waits) == ("two", "access", False, "one.success")
    assert (arrival.id, arrival.kind, arrival.track, arrival.goal) == ("milestone.arrival", "milestone", "access", True)
    assert edges(drawn, "two") == {("one", "after", "success")}
    assert edges(drawn, "milestone.arrival") == {("two", "after", "over")}
    assert drawn.tracks == ("clinical", "access")


@pytest.mark.parametrize(
    ("after", "join", "waits"),
    [
        ("a", "", "a"),
        (["a", "b.done"], "all", "a and b.done"),
        ({"any": ["a", "b"]}, "any", "a or b"),
        ({"all": ["a", {"any": ["b", "c"]}]}, "mixed", "a and (b or c)"),
        ({"any": [["a", "b"], "c"]}, "mixed", "(a and b) or c"),
    ],
)
def test_joins(after, join, waits):
    drawn = mapped({"a": work(), "b": work(), "c": work(), "last": work(after)})
    assert (node(drawn, "last").join, node(drawn, "last").waits) == (join, waits)


@pytest.mark.parametrize(
    ("reference", "label"),
    [
        ("a", "over"),
        ("a.start", "start"),
        ("a.success", "success"),
        ("a.enrolment", "enrolment"),
        ("a.enrolment.start", "enrolment.start"),
        ("a.readout/2.exhausted", "exhausted"),
        ("a.readout/1.success", "readout/1.success"),
        ("a.skipped", "skipped"),
    ],
)
def test_a_fact_is_named_as_the_file_names_it(reference, label):
    design = {"enrolment": "1 year", "follow_up": "1 year", "readout": "1 day"}
    a = {"kind": "trial", "design": design, "success": 0.5, "repeat": {"on": "failed", "at_most": 2}}
    drawn = mapped({"a": a, "last": work([reference])})
    assert edges(drawn, "last") == {("a", "after", label)}
    assert node(drawn, "a").visits == 2


def test_guards_are_edges_and_words():
    stages = {"a": work(outcomes={"good": 0.5, "bad": "rest"}), "b": work(["a"], **{"if": {"not": "a.bad"}})}
    drawn = mapped(stages)
    assert edges(drawn, "b") == {("a", "after", "over"), ("a", "if", "bad")}
    assert (node(drawn, "b").runs, node(drawn, "b").guard) == ("if", "not a.bad")


def test_what_a_switched_off_stage_leads_to():
    stages = {
        "off": {**TRIAL, "enabled": False},
        "waits": work(["off.success"]),
        "passes": work(["off"]),
        "reads": work(**{"if": "off.success"}),
        "guarded": work(**{"if": "off.skipped", "enabled": False}),
        "denies": work(**{"if": {"any": [{"all": [{"not": "off.failed"}, {"not": "off.start"}]}, "passes"]}}),
        "denied": work(**{"if": {"not": {"not": "off.start"}}}),
    }
    drawn = mapped(stages)
    assert {each.id: each.runs for each in drawn.stages} == {
        "off": "off",
        "waits": "never",
        "passes": "always",
        "reads": "off",
        "guarded": "off",
        "denies": "always",
        "denied": "off",
    }
    assert node(drawn, "guarded").guard == "off.skipped"
    assert node(drawn, "off").guard == ""


def test_effects_are_drawn_where_they_can_act():
    stages = {"a": work(outcomes={"yes": 0.5, "no": "rest"}), "off": work(enabled=False), "b": {**TRIAL, "after": "a"}}
    effects = {
        "shorter": {"if": "a.yes", "on": ["b.duration"], "scale": 0.5},
        "better": {"if": {"all": ["a.yes", {"not": "a.no"}]}, "on": "b.success", "odds": 2},
        "idle": {"if": "a.yes", "on": "b.success", "odds": 1},
        "impossible": {"if": "off.done", "on": "b.success", "scale": 0.5},
        "switched_off": {"if": "a.no", "on": "b.success", "scale": 0.5, "enabled": False},
    }
    effects["either"] = {"if": {"any": ["a", "off.done"]}, "on": "b.duration", "scale": 0.5}
    drawn = mapped(stages, effects=effects)
    found = {(edge.source, edge.label): edge.effects for edge in drawn.edges if edge.kind == "effect"}
    assert found == {("a", "yes"): ("shorter", "better"), ("a", "no"): ("better",), ("a", "over"): ("either",)}
    assert sorted(node(drawn, "b").effects) == ["better", "either", "shorter"]
    assert drawn.idle == ("idle",)


def test_a_later_regime_of_a_rule_is_no_effect():
    drawn = mapped({"meeting": {"kind": "meeting", "type": "b_eop"}}, as_of="2016-01-01")
    assert node(drawn, "meeting").effects == ()


def test_a_guard_that_is_met_before_the_start_guards_nothing():
    stages = {"a": TRIAL, "b": {**work(["a.success"]), "if": "a.success"}}
    b = node(mapped(stages, start={"stage": "b"}), "b")
    assert (b.runs, b.guard) == ("always", "")


def test_a_later_start_leaves_out_what_is_over():
    stages = {"a": work(), "b": work(["a"]), "c": work(["a", "b"])}
    drawn = mapped(stages, start={"stage": "b"})
    assert [each.id for each in drawn.stages] == ["b", "c"]
    assert (node(drawn, "b").begins, node(drawn, "c").begins) == (True, False)
    assert (node(drawn, "c").waits, node(drawn, "c").join) == ("day 0 and b", "")


def test_a_milestone_can_end():
    drawn = mapped({"a": work(), "b": work(["a"])}, milestones={"arrival": {"reached": "a", "until": "b.done"}})
    assert edges(drawn, "milestone.arrival") == {("a", "after", "over"), ("b", "until", "done")}


def references(document, *, keys=("after", "if")):
    """Every reference of a scenario document: target, kind, text."""
    for name, stage in document["stages"].items():
        for key in keys:
            if key in stage:
                for _, reference in read_expression(stage[key]).references():
                    yield name, key, reference


@pytest.mark.parametrize("name", SHIPPED.names())
def test_shipped_scenarios_are_drawn_completely(name):
    scenario = load(name)
    for arm, pathway in scenario.pathways.items():
        document, drawn = plain(scenario.documents[arm]), pathway_map(pathway)
        first = document.get("start", {}).get("stage", "")
        assert sorted(each.id for each in drawn.stages) == sorted({stage.name for stage in pathway.stages})
        assert len({each.id for each in drawn.nodes}) == len(drawn.nodes)
        assert first or {each.id for each in drawn.stages} == set(document["stages"])
        stages = {each.id for each in drawn.stages}
        found = {(t, kind, r.names[0], r.text.partition(".")[2] or "over") for t, kind, r in references(document)}
        wanted = {each for each in found if {each[0], each[2]} <= stages}
        assert {(e.target, e.kind, e.source, e.label) for e in drawn.edges if e.kind in ("after", "if")} >= wanted
        ends = {f"{o.name}:{each.id}" for each in drawn.stages for o in each.outcomes if o.ends}
        assert ends == set(pathway.endings[1:-1])


@pytest.mark.parametrize("k", RANDOM)
def test_random_pathways_are_drawn_completely(k):
    document, drawn = random_pathway(k), random_map(k)
    names = [each.id for each in drawn.stages]
    assert len(set(names)) == len(names)
    assert set(names) <= set(document["stages"])
    found = {(edge.target, edge.kind, edge.source) for edge in drawn.edges}
    for target, kind, reference in references(document):
        if {target, reference.names[0]} <= set(names) and document.get("start", {}).get("stage") != target:
            assert (target, kind, reference.names[0]) in found


# --- the layout -------------------------------------------------------------------------------------------------------


def maps_to_lay_out():
    yield from (random_map(k) for k in RANDOM)
    for name in SHIPPED.names():
        yield from (pathway_map(pathway) for pathway in list(load(name).pathways.values())[:2])


@pytest.fixture(scope="module")
def laid_out():
    return [(drawn, layout(drawn, 9.0)) for drawn in maps_to_lay_out()]


def segments(wire):
    return list(itertools.pairwise(wire.points))


def between(a, b, low, high):
    """Whether the span from a to b meets the inside of another."""
    return max(a, b) > low + 0.005 and min(a, b) < high - 0.005


def on_each_other(one, other):
    """Whether two straight pieces share more than a point."""
    for k in (0, 1):
        if one[0][k] == one[1][k] and other[0][k] == other[1][k] and abs(one[0][k] - other[0][k]) < 0.005:
            (a, b), (c, d) = (sorted((piece[0][1 - k], piece[1][1 - k])) for piece in (one, other))
            return min(b, d) - max(a, c) > 0.005
    return False


def test_no_edge_points_backwards(laid_out):
    for drawn, placed in laid_out:
        column = columns(drawn)
        before = {each.id: [] for each in drawn.nodes}
        for edge in drawn.edges:
            if edge.kind != "effect":
                before[edge.target].append((edge.source, 1))
                assert column[edge.source] < column[edge.target]
        for edge in drawn.edges:
            if edge.kind == "effect" and not leads_back(edge, before):
                before[edge.target].append((edge.source, 0))
                assert column[edge.source] <= column[edge.target]
        assert all(w.points[0][0] < w.points[-1][0] for w in placed.wires if w.edge.kind != "effect")


def test_boxes_stay_apart_and_in_their_lanes(laid_out):
    for drawn, placed in laid_out:
        lanes = {track: (top, bottom) for track, top, bottom in placed.lanes}
        for name, box in placed.boxes.items():
            top, bottom = lanes[node(drawn, name).track]
            assert bottom < box.bottom < box.top < top
            assert 0 < box.left < box.right < placed.width
        for one, other in itertools.combinations(placed.boxes.values(), 2):
            beside = one.right < other.left or other.right < one.left
            assert beside or one.top < other.bottom or other.top < one.bottom


def test_lines_run_between_boxes(laid_out):
    for _, placed in laid_out:
        for wire in placed.wires:
            for (x0, y0), (x1, y1) in segments(wire):
                assert x0 == x1 or y0 == y1
                assert 0 <= min(x0, x1) <= max(x0, x1) <= placed.width
                assert 0 <= min(y0, y1) <= max(y0, y1) <= placed.height
                for box in placed.boxes.values():
                    assert not (between(x0, x1, box.left, box.right) and between(y0, y1, box.bottom, box.top))


def test_lines_end_at_the_boxes_that_they_join(laid_out):
    for drawn, placed in laid_out:
        wires = {wire.edge: wire.points for wire in placed.wires}
        assert set(wires) == {edge for edge in drawn.edges if edge.source != edge.target}
        for edge, points in wires.items():
            source, target = placed.boxes[edge.source], placed.boxes[edge.target]
            (x, y), (end_x, end_y) = points[0], points[-1]
            assert x == source.right
            assert source.bottom < y < source.top
            if edge.kind == "effect":
                assert end_y == target.bottom
                assert target.left < end_x < target.right
            else:
                assert end_x == target.left
                assert target.bottom < end_y < target.top


def test_lines_of_different_facts_do_not_lie_on_each_other(laid_out):
    for _, placed in laid_out:
        for one, other in itertools.combinations(placed.wires, 2):
            if one.net != other.net:
                for a, b in itertools.product(segments(one), segments(other)):
                    stub = a[0] == b[0] == one.points[0]  # one fact, waited for by one and read by another
                    assert stub or not on_each_other(a, b), (one.edge, other.edge)


def test_text_fits_into_its_box(laid_out):
    for _, placed in laid_out:
        for box in placed.boxes.values():
            room = box.right - box.left - 2 * PAD
            assert all(style.width(text, TITLE, True) <= room for text in box.content.title)
            assert all(style.width(line.text, TEXT) <= room for line in box.content.lines)
            assert all(box.bottom < box.y + line.y < box.top for line in box.content.lines)
            assert len({line.y for line in box.content.lines}) == len(box.content.lines)


def test_nothing_of_a_shipped_scenario_is_cut_short():
    for name in SHIPPED.names():
        for pathway in list(load(name).pathways.values())[:2]:
            for box in layout(pathway_map(pathway)).boxes.values():
                texts = [*box.content.title, *(line.text for line in box.content.lines)]
                assert not any("…" in text for text in texts), (name, texts)


def test_vertical_lines_are_ordered_to_cross_little():
    first, second = Piece({2.0}, {5.0}), Piece({1.0}, {4.0})
    assert (crossings(first, second), crossings(second, first)) == (0, 2)
    assert tracks([second, first]) == [1, 0]
    assert tracks([Piece({1.0}, {2.0}), Piece({4.0}, {5.0})]) == [0, 0]  # these may stand above each other
    assert tracks([Piece({9.0}, {2.0}), Piece({2.0}, {5.0})]) == [1, 0]  # else both would lie at height 2
    assert intervals([(0, 2), (1, 3), (3, 4), (2, 2)]) == [0, 1, 0, 2]


# --- Mermaid ----------------------------------------------------------------------------------------------------------

LABEL = r'"(?:[\w ,.:/+–-]|#\d+;|<br/>)*"'
LINE = re.compile(
    rf"flowchart LR|  subgraph track_\w+\[{LABEL}\]|  end|    s_\w+\[{LABEL}\]|    m_\w+\(\[{LABEL}\]\)|"
    rf'  day_0\(\("day 0"\)\)|  \w+ -->(?:\|{LABEL}\|)? \w+|  linkStyle [\d,]+ [\w:. -]+|'
    r"  classDef \w+ [\w:#,. -]+|  class [\w,]+ \w+"
)


def test_mermaid_has_every_node_and_edge_once(laid_out):
    for drawn, _ in laid_out:
        text = mermaid(drawn)
        assert text == mermaid(drawn)
        for line in text.splitlines():
            assert LINE.fullmatch(line), line
        ids = re.findall(r"^    (\w+)[\[(]", text, re.MULTILINE)
        assert len(set(ids)) == len(ids) == len(drawn.nodes)
        arrows = re.findall(r"^  (\w+) -->(?:\|.*\|)? (\w+)$", text, re.MULTILINE)
        assert len(arrows) == len(drawn.edges) + sum(each.begins for each in drawn.nodes)
        assert {end for arrow in arrows for end in arrow} <= {*ids, "day_0"}
        styled = [int(k) for found in re.findall(r"linkStyle ([\d,]+)", text) for k in found.split(",")]
        assert len(styled) == sum(edge.kind != "after" for edge in drawn.edges)


def test_mermaid_text_is_escaped():
    assert escaped('a "b" <c> & #d; `e`') == "a #34;b#34; #60;c#62; #38; #35;d#59; #96;e#96;"
    assert escaped("1. one") == "1#46; one"
    assert escaped("- one\nend") == "#45; one end"
    text = mermaid(mapped({"end": work(title='a "]; click'), "a-b": work(["end"]), "a_b": work(["a-b"])}))
    assert 's_end["A #34;#93;#59; click"]' in text
    assert {"s_a_b", "s_a_bx"} <= set(re.findall(r"^    (\w+)", text, re.MULTILINE))


def test_mermaid_says_what_the_boxes_say():
    stages = {
        "one": {**TRIAL, "title": "The first", "terminal": ["failed", "success"]},
        "off": work(enabled=False),
        "two": work(["one", "off"], **{"if": "one.failed"}, repeat={"on": "no", "at_most": 3}, outcomes={"no": 1}),
    }
    text = mermaid(mapped(stages))
    assert 's_one["The first<br/>ends the program: success and failed"]' in text
    assert 's_off["Off<br/>off in this arm"]' in text
    two = 's_two["Two<br/>needs all<br/>only if one.failed<br/>up to 3 visits<br/>ends the program: exhausted"]'
    assert two in text
    assert "  class s_two skippable\n" in text
    assert "  class s_off off\n" in text
    assert '  s_one -->|"read by if: failed"| s_two\n' in text


# --- pictures ---------------------------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_holds_every_node_once_and_says_it_in_words():
    drawn = shipped_map("fda-cell-therapy", "rmat")
    data = maps.render(load("fda-cell-therapy"), "rmat")
    assert data == maps.render(load("fda-cell-therapy"), "rmat")
    root = ET.fromstring(data)
    boxes = [each.get("id") for each in root.iter(f"{SVG}g") if (each.get("id") or "").startswith(("map-s", "map-m"))]
    assert sorted(boxes) == sorted(f"map-{each.kind}-{each.id}" for each in drawn.nodes)
    description = root.findtext(f"{SVG}desc")
    assert all(f" {each.title}".lower() in description.lower() for each in drawn.nodes)
    assert "Phase 1: after ind.effective; ends the program if failed." in description
    texts = {text for each in root.iter(f"{SVG}text") for text in each.itertext()}
    assert {"Phase 1", "failed", "granted", "Availability", "ends the program"} <= texts


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_other_formats(kind):
    data = maps.render(load("bio-2021"), "all", kind)
    if kind == "png":
        with Image.open(io.BytesIO(data)) as image:
            assert image.width == 2000
            assert image.text["Title"].startswith("The pathway")
    else:
        assert data.startswith(b"%PDF")


def test_lines_and_boxes_differ_without_colour():
    assert len({LINES[kind].get("dashes") for kind in LINES}) == len(LINES)
    drawn = mapped(
        {"a": work(), "off": work(enabled=False), "maybe": work(["a"], **{"if": "a.start"})},
        milestones={"arrival": "maybe", "other": "a"},
    )
    looks = {each.id: box_look(each) for each in drawn.nodes}
    borders = {name: (str(look.patch.get("linestyle")), look.ink) for name, look in looks.items()}
    assert len({*borders.values()}) == 4
    assert borders["a"] == borders["milestone.other"]  # these two differ in shape
    assert looks["milestone.arrival"].patch["facecolor"] == style.INK
    assert all(style.contrast(LINES[kind]["color"]) >= 4.5 for kind in LINES)


def test_a_title_that_is_too_long_is_cut_and_odd_signs_are_drawn():
    scenario = loaded({"a": work(title="W" * 32), "b": work(["a"], title="$x^2$ & <b>")})
    texts = {t for e in ET.fromstring(maps.render(scenario, "base")).iter(f"{SVG}text") for t in e.itertext()}
    assert "$x^2$ & <b>" in " ".join(texts) or {"$x^2$", "& <b>"} <= texts
    assert any(re.fullmatch("W+…", text) for text in texts)


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_prints_and_writes(capsys, tmp_path):
    drawn = shipped_map("msc-dpn", "standard")
    assert run(capsys, "map", "msc-dpn") == (0, mermaid(drawn), "")
    code, out, _ = run(capsys, "map", "msc-dpn", "--arm", "rmat", "--format", "json")
    data = json.loads(out)
    assert (code, data["arm"]) == (0, "rmat")
    assert {"source": "bla", "target": "launch", "kind": "after", "label": "approved", "effects": []} in data["edges"]
    assert [each["id"] for each in data["nodes"]] == [each.id for each in drawn.nodes]
    _, out, _ = run(capsys, "map", "msc-dpn", "--format", "csv")
    assert set(out.splitlines()) > {"source,target,kind,label,effects", "ind,phase_1,after,effective,"}
    for kind in ("svg", "mmd"):
        path = tmp_path / f"map.{kind}"
        assert run(capsys, "map", "bio-2021", "--out", str(path)) == (0, f"{path}\n", "")
        assert path.read_bytes() == maps.render(load("bio-2021"), "all", kind)


def test_an_override_changes_the_map(capsys):
    _, out, _ = run(capsys, "map", "msc-dpn", "--set", "stages.surrogate.enabled=false")
    assert 's_surrogate["Surrogate accepted<br/>off in this arm"]' in out


def test_what_the_command_refuses(capsys, tmp_path):
    assert run(capsys, "map", "msc-dpn", "--arm", "rmta")[0] == 2
    assert 'did you mean "rmat"' in run(capsys, "map", "msc-dpn", "--arm", "rmta")[2]
    assert run(capsys, "map", "msc-dpn", "--out", str(tmp_path / "no" / "map.svg"))[0] == 5
    assert run(capsys, "map", "msc-dpn", "--out", str(tmp_path / "map.gif"))[0] == 2
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match=r"choose \.svg, \.png, \.pdf or \.mmd"):
        maps.render(load("bio-2021"), "all", "gif")


# --- what the documentation shows -------------------------------------------------------------------------------------

PAGE = ROOT / "docs" / "explanation" / "pathway.md"
PICTURE = ROOT / "docs" / "images" / "pathway.svg"
SHOWN = re.compile(r"(?<=<!-- map: fda-cell-therapy, arm rmat -->\n```mermaid\n)(?:(?!```).*\n)+")


def test_the_page_shows_what_the_command_prints(request):
    printed = mermaid(shipped_map("fda-cell-therapy", "rmat"))
    page = PAGE.read_text(encoding="utf-8")
    if request.config.getoption("--refresh-golden"):
        page = SHOWN.sub(lambda _: printed, page)
        PAGE.write_text(page, encoding="utf-8", newline="\n")
    assert SHOWN.findall(page) == [printed], "python -m pytest --refresh-golden writes it anew"


def written(data):
    """Every text of an SVG with its place in points; the bytes differ from one version of matplotlib to another."""
    found = []
    for text in ET.fromstring(data).iter(f"{SVG}text"):
        place = [round(float(number)) for number in re.findall(r"-?\d+\.?\d*", text.get("transform", ""))]
        found.append(("".join(text.itertext()), place))
    return found


def test_the_picture_of_the_page_is_what_the_command_draws(request):
    data = maps.render(load("fda-cell-therapy"), "rmat")
    if request.config.getoption("--refresh-golden"):
        PICTURE.write_bytes(data)
    assert len(written(data)) > 40
    assert written(PICTURE.read_bytes()) == written(data), "python -m pytest --refresh-golden writes it anew"
