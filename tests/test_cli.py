"""The command line as a person uses it: what it prints, where, and with which exit code."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pathway_sim import cli, scenario
from pathway_sim.analysis import sentences, tables, wording
from pathway_sim.analysis.results import Estimate
from pathway_sim.analysis.summary import NO_QUANTILE_BAND
from pathway_sim.cli import options
from pathway_sim.cli.characters import visible
from pathway_sim.engines import ENGINES
from pathway_sim.report.charts import CHARTS
from pathway_sim.run import Settings, run
from pathway_sim.scenario import load
from pathway_sim.table import Table, screen_width

GOLDEN = Path(__file__).parent / "golden"
COMMANDS = list(cli.cli.commands)
LONG_HELP = {"run", "compare", "chart"}
LICENSED = "clinics that sell unlicensed cells are not counted"
ONE_ARM = """
format: 1
name: one
title: One arm
as_of: 2026-01-01
horizon: 10 years
stages:
  trial: {kind: trial, duration: 1 year, success: 0.5}
milestones: {approval: trial.success}
"""


class Ran:
    """What a command printed, and its exit code."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        self.code = cli.run_command_line(arguments)
        self.out, self.err = capsys.readouterr()


@pytest.fixture
def ps(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.yaml").write_text(ONE_ARM)
    return lambda *arguments: Ran(capsys, *arguments)


def fits(text: str, width: int = 80) -> None:
    """No line is wider, none ends in a blank."""
    for line in text.splitlines():
        assert screen_width(line) <= width, line
        assert line == line.rstrip(), line


# Help


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_a_screen_and_has_an_example(ps, command):
    ran = ps(*command.split(), "--help")
    assert ran.code == 0
    assert ran.err == ""
    assert "Example" in ran.out
    assert "..." not in ran.out.replace("COMMAND [ARGS]...", "")
    assert len(ran.out.splitlines()) <= (40 if command in LONG_HELP else 34 if not command else 24)
    fits(ran.out)


def test_every_command_is_listed_in_the_order_of_use(ps):
    assert COMMANDS == [
        "demo",
        "list",
        "init",
        "check",
        "show",
        "schema",
        "explain",
        "lint",
        "map",
        "run",
        "compare",
        "chart",
    ]
    listed = re.findall(r"^  (\w+) ", ps("--help").out, re.MULTILINE)
    assert [name for name in listed if name in COMMANDS] == COMMANDS


def test_choices_are_the_real_lists():
    assert sorted(options.ENGINES) == sorted(ENGINES)
    assert sorted(options.CHARTS) == sorted(CHARTS)


def modules_after(*arguments: str) -> set[str]:
    """The modules that a command imports, and the packages that they belong to."""
    program = (
        "import sys; from pathway_sim.cli import run_command_line as run; sys.stdout = open('/dev/null', 'w');"
        f"run({list(arguments)!r}); print(*sorted(sys.modules), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return {part for name in ran.stderr.split() for part in (name, name.partition(".")[0])}


HEAVY = {"numpy", "scipy", "matplotlib", "simpy", "pydantic", "yaml", "rich", "pyarrow"}


def test_help_imports_nothing_heavy():
    assert not modules_after("--help") & HEAVY
    assert not modules_after("compare", "--help") & HEAVY


def test_help_imports_no_command_and_a_command_only_its_own_module():
    modules = {f"pathway_sim.cli.{module}" for module, _ in cli.COMMANDS.values()}
    assert modules <= {f"pathway_sim.cli.{path.stem}" for path in Path(cli.__file__).parent.glob("*.py")}
    assert not modules_after("--help") & modules
    assert modules_after("map", "--help") & modules == {"pathway_sim.cli.maps"}


@pytest.mark.parametrize(
    "command",
    [["list"], ["schema"], ["show", "msc-dpn"], ["init", "/nonexistent/a.yaml"], ["check", "msc-dpn"]],
    ids=" ".join,
)
def test_commands_about_files_draw_nothing_and_need_no_event_queue(command):
    assert not modules_after(*command) & {"matplotlib", "simpy", "rich", "pyarrow"}


def test_checking_a_file_without_distributions_needs_no_special_functions():
    assert not modules_after("check", "bio-2021") & {"scipy", "matplotlib", "simpy", "rich", "pyarrow"}


# Exit codes

WRONG = [
    ([], 2, "Usage"),
    (["lst"], 2, "Did you mean 'list'"),
    (["list", "extra"], 2, "unexpected extra argument"),
    (["list", "--format", "xml"], 2, "xml"),
    (["run"], 2, "Missing argument"),
    (["run", ""], 2, "name a scenario"),
    (["show", ""], 2, "name a scenario"),
    (["run", "msc-dpn", "--quite"], 2, "--quiet"),
    (["run", "msc-dpn", "--arm", "rmt"], 2, 'did you mean "rmat"'),
    (["run", "msc-dpn", "--baseline", "nothing"], 2, "there is no arm"),
    (["run", "msc-dpn", "-n", "0"], 2, "between 1 and 1,000,000,000"),
    (["run", "msc-dpn", "-n", "-1"], 2, "not -1"),
    (["run", "msc-dpn", "-n", "1000000000000"], 2, "not 1,000,000,000,000"),
    (["run", "msc-dpn", "-n", "many"], 2, "many"),
    (["run", "msc-dpn", "--first", "-1"], 2, "first replication"),
    (["run", "msc-dpn", "--first", "9" * 30], 2, "first replication"),
    (["run", "msc-dpn", "--parameter-sets", "0"], 2, "parameter sets"),
    (["run", "msc-dpn", "--workers", "0"], 2, "workers"),
    (["run", "msc-dpn", "--engine", "steam"], 2, "steam"),
    (["run", "msc-dpn", "--events", "log.txt", "-n", "10"], 2, ".csv or .parquet"),
    (["compare", "one.yaml"], 2, "one arm"),
    (["compare", "msc-dpn", "--arm", "standard"], 2, "standard is the baseline"),
    (["chart", "msc-dpn", "-n", "10", "--out", "chart.txt"], 2, ".svg, .png or .pdf"),
    (["show", "msc-dpn", "--arm", "rmt"], 2, 'did you mean "rmat"'),
    (["init", "mine.yml"], 2, "ends in .yaml"),
    (["init", "mine.yaml", "--extends", "msc-dnp"], 2, 'did you mean "msc-dpn"'),
    (["run", "msc-dpn", "--set", "stages.phase_2.sucess=0.3"], 3, 'did you mean "success"'),
    (["run", "msc-dpn", "--set", "stages.phase_2.success=3"], 3, "between 0 and 1"),
    (["run", "msc-dpn", "--set", "stages.phase_2.success"], 3, "path=value"),
    (["run", "msc-dpn", "--set", "stages.phase_2.duration=3"], 3, "18 months"),
    (["check", "bad.yaml"], 3, "bad.yaml:"),
    (["check", "msc-dpn", "--set", "stages.phase_2.success=0.9"], 4, "outside what is accepted"),
    (["run", "msc-dnp"], 5, 'did you mean "msc-dpn"'),
    (["run", "missing.yaml"], 5, "no such file"),
    (["run", "."], 5, "folder"),
    (["init", "one.yaml"], 5, "exists already"),
    (["init", "nowhere/mine.yaml"], 5, "nowhere/mine.yaml"),
    (["run", "one.yaml", "--events", "nowhere/log.csv"], 5, "nowhere/log.csv"),
    (["run", "one.yaml", "--save", "one.yaml"], 5, "exists already"),
    (["run", "one.yaml", "--save", "/proc/here"], 5, "/proc/here"),
    (["run", "one.yaml", "--charts", "one.yaml"], 5, "file of this name"),
    (["run", "one.yaml", "--charts", "one.yaml/charts"], 5, "one.yaml/charts"),
    (["chart", "one.yaml", "-n", "10", "--out", "nowhere/a.svg"], 5, "nowhere/a.svg"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG, ids=[" ".join(each[0]) or "nothing" for each in WRONG])
def test_what_a_user_can_mend_has_its_exit_code_and_a_hint(ps, tmp_path, arguments, code, said):
    (tmp_path / "bad.yaml").write_text(ONE_ARM.replace("success: 0.5", "success: 0.5, clok: 1 day"))
    before = sorted(tmp_path.iterdir())
    ran = ps(*arguments)
    assert (ran.code, ran.out if code != 4 else "") == (code, "")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert "pydantic" not in ran.err
    assert sorted(tmp_path.iterdir()) == before


def test_debug_shows_the_traceback_and_keeps_the_exit_code(ps):
    ran = ps("--debug", "run", "msc-dpn", "-n", "0")
    assert ran.code == 2
    assert "Traceback" in ran.err


def test_a_bug_is_called_a_bug(ps, monkeypatch):
    monkeypatch.setattr(scenario, "load", lambda *_, **__: 1 / 0)
    ran = ps("run", "msc-dpn")
    assert ran.code == 1
    assert "a fault in pathway-sim: ZeroDivisionError" in ran.err
    assert "Traceback" not in ran.err


# Where things go


@pytest.mark.parametrize("kind", ["table", "json", "csv"])
def test_options_work_before_and_after_the_command(ps, kind):
    before, after = ps("--format", kind, "list"), ps("list", "--format", kind)
    assert before.out == after.out != ""
    assert before.code == after.code == 0


def test_results_on_stdout_and_the_rest_on_stderr(ps, tmp_path):
    ran = ps("run", "one.yaml", "-n", "50", "--events", "log.csv", "--save", "saved", "--charts", "charts")
    assert ran.code == 0
    wrote = ["log.csv", "saved", "charts/availability.svg", "charts/timeline.svg"]
    assert ran.err.splitlines() == [f"wrote {name}" for name in wrote]
    assert "wrote" not in ran.out
    assert all((tmp_path / name).exists() for name in wrote)
    assert ps("run", "one.yaml", "-n", "50", "--events", "log2.csv", "--quiet").err == ""


def test_a_scenario_by_path_by_name_and_on_standard_input(ps, monkeypatch, tmp_path):
    with Path("one.yaml").open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        piped = ps("run", "-", "-n", "100")
    assert piped.code == 0
    assert piped.out == ps("run", str(tmp_path / "one.yaml"), "-n", "100").out
    assert ps("run", "bio-2021", "-n", "100", "--arm", "all").code == 0


def test_first_continues_a_run_and_the_seed_changes_it(ps):
    whole = ps("run", "one.yaml", "-n", "40", "--events", "a.csv")
    ps("run", "one.yaml", "-n", "20", "--first", "20", "--events", "b.csv")
    lines = Path("a.csv").read_text().splitlines()
    assert [line for line in lines if line.split(",")[0].isdigit() and int(line.split(",")[0]) >= 20] == (
        Path("b.csv").read_text().splitlines()[1:]
    )
    assert ps("run", "one.yaml", "-n", "40", "--seed", "2").out != whole.out


def test_engines_and_workers_change_nothing_but_their_name(ps):
    batch = ps("run", "one.yaml", "-n", "200", "--format", "csv")
    assert ps("run", "one.yaml", "-n", "200", "--format", "csv", "--engine", "reference").out == batch.out
    assert ps("run", "one.yaml", "-n", "200", "--format", "csv", "--workers", "2").out == batch.out


def test_the_file_of_init_runs(ps, tmp_path):
    ran = ps("init", "Ünï code {x}.yaml")
    assert (ran.code, ran.out) == (0, "Ünï code {x}.yaml\n")
    assert "'Ünï code {x}.yaml'" in ran.err
    assert ps("compare", "Ünï code {x}.yaml", "-n", "50").code == 0
    text = (tmp_path / "Ünï code {x}.yaml").read_text(encoding="utf-8")
    assert "name: uni-code-x\n" in text
    assert ps("init", "2024.yaml", "--extends", "fda-cell-therapy", "--quiet").err == ""
    assert ps("check", "2024.yaml").out.startswith("s-2024 is valid")


def test_chart_writes_a_file_or_prints_its_numbers(ps, tmp_path):
    ran = ps("chart", "one.yaml", "-n", "100", "--kind", "timeline")
    assert (ran.code, ran.out) == (0, "timeline.svg\n")
    assert (tmp_path / "timeline.svg").read_bytes().startswith(b"<?xml")
    assert ps("chart", "one.yaml", "-n", "100", "--format", "csv").out.count("\n") > 10
    assert ps("chart", "one.yaml", "-n", "100", "--format", "json").out.startswith("[")


# Tables


def many_arms(count: int) -> str:
    """A file with arms of 64 characters."""
    name = "a_very_long_name_of_an_arm_" * 3
    arms = "".join(f"  {name[:62]}{k:02d}: {{set: {{stages.phase_2.success: 0.{k + 10}}}}}\n" for k in range(1, count))
    return (
        "format: 1\nname: many\ntitle: Many arms\nextends: msc-dpn\n"
        f"baseline: {name[:62]}00\narms:\n  {name[:62]}00: {{}}\n{arms}"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["check", "msc-dpn"],
        ["run", "one.yaml", "-n", "1"],
        ["run", "one.yaml", "-n", "1000"],
        ["run", "msc-dpn", "-n", "1"],
        ["run", "msc-dpn", "-n", "400", "--set", "stages.phase_1.success=0"],
        ["run", "msc-dpn", "-n", "400", "--set", "horizon=3 weeks"],
        ["run", "msc-dpn", "-n", "400", "--set", "horizon=10.5 years"],
        ["compare", "msc-dpn", "-n", "20000"],
        ["compare", "msc-dpn", "-n", "2000", "--parameter-sets", "1", "--baseline", "rmat"],
        ["compare", "msc-dpn", "-n", "400", "--set", "stages.phase_1.success=0"],
        ["compare", "msc-dpn-accelerated", "-n", "2000"],
        ["compare", "msc-dpn-accelerated", "-n", "500", "--arm", "rmat", "--arm", "rmat_surrogate_30"],
        ["run", "bio-2021", "-n", "200"],
        ["compare", "bio-2021", "-n", "2000"],
        ["compare", "arms2.yaml", "-n", "2000"],
        ["compare", "arms3.yaml", "-n", "2000", "--parameter-sets", "1"],
        ["compare", "arms12.yaml", "-n", "1000"],
    ],
    ids=" ".join,
)
def test_tables_fit_80_columns(ps, tmp_path, arguments):
    for count in (2, 3, 12):
        (tmp_path / f"arms{count}.yaml").write_text(many_arms(count))
    ran = ps(*arguments)
    assert ran.code == 0
    assert ran.err == ""
    fits(ran.out)
    assert "nan" not in ran.out.lower().replace("national", "").replace("covenan", "")
    assert "None" not in ran.out
    assert "inf " not in ran.out


def results_of(name: str, **settings: object):
    return run(load(name), Settings(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "compare"), [("msc-dpn", True), ("msc-dpn", False), ("bio-2021", True)])
def test_every_table_names_its_population(name, compare):
    results = results_of(name, replications=2000, compare=compare)
    for table in tables.tables(results):
        words = f"{table.caption} {' '.join(table.columns)}"
        named = [
            each
            for each in ("of all that start", "given that it is reached", "where both arrive", "of the futures")
            if each in words
        ]
        assert named or "of all that start" in str(table.rows), table.caption
        if "reached" in table.caption:
            assert "reached, % of all" in table.columns
    assert "of programs reach" in sentences.headline(results)


def test_digits_do_not_outrun_the_interval():
    def shown(low: float, high: float) -> str:
        return wording.between(Estimate((low + high) / 2, low, high), 100.0)

    assert shown(0.046, 0.054) == "5.0 (4.6–5.4)"
    assert shown(0.0487, 0.0513) == "5.00 (4.87–5.13)"
    assert shown(0.1, 0.3) == "20 (10–30)"
    assert shown(-0.0004, 0.0004) == "0.00 (−0.04 to 0.04)"
    assert shown(-0.02, 0.0) == "−1.0 (−2.0 to 0.0)"
    assert wording.between(Estimate(None)) == "–"
    assert wording.between(Estimate(3.0, None, None)) == "3"
    assert wording.between(Estimate(10.5, 10.5, 10.5), most=1) == "10.5 (10.5–10.5)"
    for half in (0.0003, 0.004, 0.02, 0.034, 0.036, 0.3, 2.0, 40.0):
        places = wording.places(-half, half, 6)
        assert 0.5 <= half * 10**places < 36 or places == 0


def test_licensed_supply_is_said_where_it_is_true(ps):
    assert LICENSED in " ".join(ps("run", "msc-dpn", "-n", "50").out.split())
    assert LICENSED in " ".join(ps("compare", "msc-dpn", "-n", "50").out.split())
    assert LICENSED not in " ".join(ps("run", "bio-2021", "-n", "50").out.split())
    assert LICENSED not in " ".join(ps("run", "one.yaml", "-n", "50").out.split())


def test_what_was_run_is_in_one_line():
    results = results_of("msc-dpn", replications=50, first=7, seed=3, engine="reference", compare=False)
    line = sentences.provenance(results)
    for part in (
        "msc-dpn as of",
        "50 replications from number 7",
        "250 parameter sets",
        "seed 3",
        "reference engine (",
    ):
        assert part in line


def test_notes_are_few_and_readable():
    results = results_of("msc-dpn", replications=1000, compare=True)
    notes = list(sentences.notes(results))
    assert sum("stated" in note for note in notes) == 1
    assert sum("fewer than 30" in note for note in notes) == 1
    assert NO_QUANTILE_BAND not in notes
    assert not any("stages." in note for note in notes)
    assert len(notes) <= 4
    none = run(load("msc-dpn", sets=["stages.phase_1.success=0"]), Settings(replications=100, parameter_sets=1))
    assert "No future reaches any milestone, so there are no times to report." in list(sentences.notes(none))


def test_the_headline_says_what_the_numbers_say():
    results = results_of("msc-dpn", replications=20_000)
    line = sentences.headline(results)
    assert re.match(r"standard: \d\.\d+ % \(\d\.\d+–\d\.\d+\) of programs reach availability by November 2051", line)
    assert "months (" in line
    assert "earlier on average" in line
    turned = sentences.headline(results_of("msc-dpn", replications=20_000, baseline="rmat"))
    assert "later on average" in turned
    one = sentences.headline(results_of("msc-dpn", replications=20, arms=("standard",), compare=False))
    assert one == "standard: no program of 20 reaches availability by November 2051."


def test_a_table_wraps_names_before_numbers():
    table = Table("", ("name", "how many of them there are"), (("a_long_name_" * 8, "1.0 (0.5–1.5)"), ("宽字符", None)))
    fits(table.as_text(40), 40)
    assert "1.0 (0.5–1.5)" in table.as_text(40)
    assert table.as_text().splitlines()[-1] == "宽字符" + " " * 32 + " " * (2 + 14 - 1) + "–"


def test_csv_keeps_formulas_from_spreadsheets():
    text = Table("", ("a", "b"), (("=1+1", -1.5), ("@x", "−2"))).as_csv()
    assert text == "a,b\n'=1+1,-1.5\n'@x,−2\n"


def test_control_characters_are_shown():
    assert visible("a\x1b[31mb\x9b\n\tc") == "a\\x1b[31mb\\x9b\n\tc"


# What Table, JSON and CSV printed when it was last looked at

GOLDEN_RUNS = {
    "list.txt": ["list"],
    "check_msc_dpn.txt": ["check", "msc-dpn"],
    "run_bio_2021.txt": ["run", "bio-2021", "-n", "10000"],
    "compare_msc_dpn.txt": ["compare", "msc-dpn", "-n", "10000"],
    "compare_msc_dpn.json": ["compare", "msc-dpn", "-n", "10000", "--format", "json"],
}


@pytest.mark.parametrize("name", GOLDEN_RUNS)
def test_golden_output(ps, request, name):
    ran = ps(*GOLDEN_RUNS[name])
    assert ran.code == 0
    if request.config.getoption("--refresh-golden"):
        (GOLDEN / name).write_text(ran.out, encoding="utf-8", newline="\n")
    assert ran.out == (GOLDEN / name).read_text(encoding="utf-8"), "python -m pytest --refresh-golden writes it anew"


# Processes: signals, pipes, full disks


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pathway_sim", *arguments]


def start(*arguments: str, cwd: Path, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        program(*arguments), cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, start_new_session=True, **more,  # type: ignore[call-overload]
    )  # fmt: skip


def wait_for(condition, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this never came about"
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_working(pid: int) -> bool:
    """Whether a process has used half a second of the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) > os.sysconf("SC_CLK_TCK") / 2


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes the Linux way")
@pytest.mark.parametrize(
    ("number", "code", "more"),
    [
        (signal.SIGINT, 130, ["--events", "log.csv", "--save", "saved", "--charts", "new/charts"]),
        (signal.SIGTERM, 143, ["--events", "log.parquet", "--workers", "1"]),
        (signal.SIGINT, 130, ["--engine", "reference", "--workers", "2", "--events", "log.csv"]),
    ],
    ids=["Ctrl-C", "SIGTERM", "Ctrl-C with worker processes"],
)
def test_stopping_leaves_nothing_behind(tmp_path, number, code, more):
    process = start("run", "msc-dpn", "-n", "100000000", *more, cwd=tmp_path)
    wait_for(lambda: any(".partial" in each.name for each in tmp_path.iterdir()))
    if "--engine" in more:
        wait_for(lambda: sum(map(is_working, children(process.pid))) >= 2)
    workers = children(process.pid)
    begun = time.monotonic()
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - begun < 5  # two seconds on a machine that has nothing else to do
    assert (process.returncode, out, err) == (code, "", "stopped; nothing was written\n")
    assert list(tmp_path.iterdir()) == []
    wait_for(lambda: not any(alive(pid) for pid in workers), 5)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_reader_that_has_gone_is_no_error(tmp_path):
    for arguments in (["schema"], ["list"], ["run", "msc-dpn", "-n", "500", "--format", "csv"]):
        process = start(*arguments, cwd=tmp_path)
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == 0
        process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_under_standard_output():
    with Path("/dev/full").open("w") as full:
        for arguments in (["schema"], ["list"]):
            ran = subprocess.run(program(*arguments), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
            assert ran.returncode == 5
            assert ran.stderr == "error: cannot read or write the output: No space left on device\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "msc-dpn", "-n", "3000", "--events", "log.csv"],
        ["run", "msc-dpn", "-n", "3000", "--events", "log.parquet"],
        ["run", "msc-dpn", "-n", "500", "--save", "deep/saved"],
        ["run", "msc-dpn", "-n", "500", "--charts", "deep/charts"],
        ["init", "mine.yaml"],
    ],
    ids=lambda arguments: arguments[-1],
)
def test_a_full_disk_leaves_nothing_behind(tmp_path, arguments):
    least = 500 if arguments[0] == "init" else 20_000
    ran = subprocess.run(
        program(*arguments), cwd=tmp_path, capture_output=True, text=True, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (least, least)),
    )  # fmt: skip
    assert ran.returncode == 5, ran.stderr
    drawing = "--charts" in arguments  # beside the printing: a chart that cannot be written takes no result away
    assert ran.stdout.startswith("Allogeneic") if drawing else ran.stdout == ""
    assert ran.stderr.startswith(f"error: cannot write {arguments[-1]}")
    assert "File too large" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(ps, tmp_path):
    (tmp_path / "one.yaml").chmod(0)
    assert ps("run", "one.yaml").code == 5


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_any_encoding_of_the_screen_will_do(tmp_path, encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    command = program("run", "one.yaml", "-n", "200")
    (tmp_path / "one.yaml").write_text(ONE_ARM)
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, env=environment, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert re.search(rb"50|\(4\d-5\d\)", ran.stdout)
    assert encoding == "ascii" or b"?" not in ran.stdout


def test_names_that_are_no_text_do_no_harm(tmp_path):
    ran = subprocess.run(program("run", b"\xff.yaml"), cwd=tmp_path, capture_output=True, timeout=60)  # type: ignore[list-item]
    assert ran.returncode == 5
    assert b"Traceback" not in ran.stderr
    made = subprocess.run(program("init", b"\xff.yaml"), cwd=tmp_path, capture_output=True, timeout=60)  # type: ignore[list-item]
    assert made.returncode == 0, made.stderr
