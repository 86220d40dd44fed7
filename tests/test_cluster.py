"""A real Dask cluster: a scheduler and workers in processes of their own, on the loopback interface."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from made import shipped
from test_cli import Ran, start, wait_for

from pathway_sim import workers
from pathway_sim.analysis.as_json import to_json
from pathway_sim.errors import PathwayError, StorageError
from pathway_sim.report.events import log
from pathway_sim.run import Settings, run

distributed = pytest.importorskip("distributed", reason="needs Dask, the extra [cluster]")

PAGE = Path(__file__).resolve().parent.parent / "docs" / "how-to" / "cluster.md"
OLD = """
import pathway_sim
pathway_sim.__version__ = "0.0.1"
from distributed.cli.dask_worker import main
main()
"""
LOCAL = ("--host", "127.0.0.1", "--no-dashboard")


class Dask:
    """A scheduler, the workers that have joined it, and a client that looks at both."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.file = folder, folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start(
            "-m", "distributed.cli.dask_scheduler", "--port", "0", "--scheduler-file", str(self.file), **environment
        )
        wait_for(lambda: self.file.exists() and self.file.read_text().endswith("}"))
        self.address: str = json.loads(self.file.read_text())["address"]
        self.client = distributed.Client(self.address, set_as_default=False)

    def _start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log.txt").open("ab") as stream:
            process = subprocess.Popen(
                [sys.executable, *arguments, *LOCAL], cwd=self.folder, stdout=stream, stderr=stream,
                stdin=subprocess.DEVNULL, env=os.environ | environment, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def join(self, count: int = 1, *, code: tuple[str, ...] = ("-m", "distributed.cli.dask_worker")) -> None:
        """Let so many workers join; none of them comes back when it is killed."""
        wanted = len(self.client.ncores()) + count
        for _ in range(count):
            self._start(*code, "--scheduler-file", str(self.file), "--no-nanny", "--nthreads", "1")
        wait_for(lambda: len(self.client.ncores()) == wanted)

    def working(self) -> dict[str, int]:
        """How many tasks and results each worker has, by address."""
        doing, having = self.client.processing(), self.client.has_what()
        return {address: len(doing[address]) + len(having[address]) for address in doing}

    def kill(self, addresses: list[str]) -> None:
        """End workers without warning, and wait until the scheduler knows."""
        left = len(self.client.ncores()) - len(addresses)
        for pid in self.client.run(os.getpid, workers=addresses).values():
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(self.client.ncores()) == left)

    def close(self) -> None:
        """End all of it."""
        self.client.close()
        for process in self.processes:
            process.kill()
            process.wait()


@contextmanager
def cluster(folder: Path, count: int, **environment: str) -> Iterator[Dask]:
    """So many workers and their scheduler."""
    with ExitStack() as stack:
        dask = Dask(folder, environment)
        stack.callback(dask.close)
        dask.join(count)
        yield dask


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """Two workers; whoever takes one away brings another one."""
    with cluster(tmp_path_factory.mktemp("dask"), 2) as made:
        yield made


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """A scheduler without workers that gives up a task when it has cost one worker; who lets one join takes it away."""
    with cluster(tmp_path_factory.mktemp("bare"), 0, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as made:
        yield made


@pytest.fixture
def ps(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: Ran(capsys, *arguments)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have little patience."""
    for name, seconds in (("PATIENCE", 1.0), ("DESERTED", 0.5), ("LOOK", 0.1)):
        monkeypatch.setattr(workers, name, seconds)


# --- The same bytes ---------------------------------------------------------------------------------------------------


def test_a_cluster_prints_the_same_bytes(dask, ps):
    command = ("compare", "msc-dpn", "-n", "70000", "--format", "json")
    one, two = ps(*command, "--workers", "1"), ps(*command, "--cluster", dask.address)
    assert (two.code, two.err) == (0, "")
    assert two.out == one.out
    assert not {"workers", "cluster", "chunk"} & set(json.loads(one.out)["manifest"])


def test_a_cluster_writes_the_same_events(dask, ps, tmp_path):
    command = ("run", "msc-dpn", "-n", "17000", "--first", "7", "--quiet")
    one = ps(*command, "--events", "one.csv")
    two = ps(*command, "--events", "two.csv", "--cluster", dask.address)
    assert (two.code, two.err, two.out) == (0, "", one.out)
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()


def test_a_cluster_can_be_used_from_a_notebook(dask):
    """Where an event loop is running already."""

    async def cell() -> Any:
        return to_json(run(shipped("msc-dpn"), Settings(replications=500, cluster=dask.address)))

    assert asyncio.run(cell()) == to_json(run(shipped("msc-dpn"), Settings(replications=500)))


def recorded(path: Path, progress: Callable[[int], None] | None = None, **given: Any) -> tuple[bytes, Any]:
    """The event log and the results of twelve chunks."""
    with log(path) as sink:
        results = run(
            shipped("msc-dpn"), Settings(replications=6000, chunk=500, **given), observe=sink.add, progress=progress
        )
    return path.read_bytes(), to_json(results)


def test_a_worker_that_is_killed_costs_nothing(dask, tmp_path):
    killed: list[str] = []

    def kill(_count: int) -> None:
        """When the first of the chunks has come back, end a worker that has to do with the next ones."""
        if not killed:
            has = dask.working()
            killed.append(max(has, key=has.__getitem__))
            assert has[killed[0]] > 0
            dask.kill(killed)

    try:
        assert recorded(tmp_path / "two.csv", kill, cluster=dask.address) == recorded(tmp_path / "one.csv", workers=1)
        assert len(dask.client.ncores()) == 1
    finally:
        dask.join(len(killed))


# --- Trouble ----------------------------------------------------------------------------------------------------------


def test_when_no_worker_is_left_a_run_ends(dask, tmp_path, hasty):  # noqa: ARG001
    def kill(_count: int) -> None:
        dask.kill(list(dask.client.ncores()))

    try:
        with pytest.raises(StorageError, match=f"{dask.address} has no workers left; nothing was reported"):
            recorded(tmp_path / "log.csv", kill, cluster=dask.address)
        assert list(tmp_path.iterdir()) == []
    finally:
        dask.join(2)


def test_a_task_that_ends_its_workers_ends_the_run(bare):
    bare.join()
    with (
        pytest.raises(PathwayError, match=f"worker after worker of {bare.address} ended over one part"),
        workers.cluster(bare.address) as remote,
    ):
        list(workers.in_order(remote.sender(os._exit), [(1,)], 1))
    assert not bare.client.ncores()


def test_a_cluster_without_workers(bare, ps):
    ran = ps("run", "msc-dpn", "--cluster", bare.address, "--events", "log.csv")
    assert (ran.code, ran.out) == (5, "")
    assert ran.err == f"error: the Dask scheduler at {bare.address} has no workers\n"
    assert list(Path().iterdir()) == []


def test_a_worker_of_another_version(bare, ps):
    bare.join(code=("-c", OLD))
    try:
        ran = ps("run", "msc-dpn", "--cluster", bare.address)
        assert (ran.code, ran.out) == (4, "")
        said = r"error: the cluster at tcp://\S+ has pathway-sim 0.0.1, not \S+; install the same versions everywhere\n"
        assert re.fullmatch(said, ran.err)
    finally:
        bare.kill(list(bare.client.ncores()))


def test_a_connection_that_is_lost(dask):
    def lose_it() -> None:
        with workers.cluster(dask.address) as remote:
            submit = remote.sender(divmod)
            assert submit(7, 2).result() == (3, 1)
            remote.client.close()
            submit(7, 2)

    with pytest.raises(StorageError, match="has gone"):
        lose_it()


def test_a_worker_without_the_package(monkeypatch):
    monkeypatch.setattr(workers.Cluster, "_threads", lambda *_: 1)
    monkeypatch.setattr(workers.Cluster, "_versions", lambda _: [workers._versions(), Exception("No module")])
    with pytest.raises(PathwayError, match="the cluster at here has a machine without pathway-sim"):
        workers.Cluster("here", None)


def test_the_address_of_a_worker(dask, ps):
    ran = ps("run", "msc-dpn", "--cluster", next(iter(dask.client.ncores())))
    assert ran.code == 5
    assert re.fullmatch(r"error: what answers at tcp://\S+ is not the scheduler of Dask, but a worker\n", ran.err)


@contextmanager
def server(greeting: bytes | None) -> Iterator[str]:
    """The address of somebody who sends a greeting and nothing more; of nobody if there is none."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        if greeting is None:
            listening.close()
        else:
            stack.callback(listening.shutdown, socket.SHUT_RDWR)
            threading.Thread(target=_greet, args=(listening, greeting, stack), daemon=True).start()
        yield address


def _greet(listening: socket.socket, greeting: bytes, stack: ExitStack) -> None:
    while True:
        try:
            line = stack.enter_context(listening.accept()[0])
        except OSError:
            return
        line.sendall(greeting)


@pytest.mark.parametrize("greeting", [None, b"", b"SSH-2.0-OpenSSH_9.2\r\n"], ids=["nobody", "silence", "another"])
def test_where_no_scheduler_answers(ps, hasty, greeting):  # noqa: ARG001
    with server(greeting) as address:
        ran = ps("run", "msc-dpn", "--cluster", address)
    assert (ran.code, ran.out, ran.err) == (5, "", f"error: no Dask scheduler answers at {address}\n")


@pytest.mark.parametrize("address", ["", "nonsense", "http://127.0.0.1:8787", "tls://127.0.0.1:8786", "tcp://host:one"])
def test_what_is_no_address(ps, address):
    ran = ps("run", "msc-dpn", "--cluster", address)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: cannot take {address!r} for the address of a Dask scheduler, such as tcp://")
    assert ran.err.count("\n") == 1


def test_certificates_that_are_not_there(ps):
    here = {"distributed.comm.tls.ca-file": "nowhere.pem", "distributed.comm.tls.client.cert": "nowhere.pem"}
    with pytest.importorskip("dask.config").set(here):
        ran = ps("run", "msc-dpn", "--cluster", "tls://127.0.0.1:8786")
    assert (ran.code, ran.out) == (2, "")
    assert "certificates that Dask is configured to use cannot be read" in ran.err


def test_cluster_and_workers_together(ps):
    ran = ps("run", "msc-dpn", "--cluster", "tcp://127.0.0.1:8786", "--workers", "2")
    assert (ran.code, ran.out) == (2, "")
    assert "leave out either workers or cluster" in ran.err


@pytest.mark.parametrize("number", ["many", "1.5", ""])
def test_workers_are_a_number_or_auto(ps, number):
    ran = ps("run", "msc-dpn", "--workers", number)
    assert (ran.code, ran.out) == (2, "")
    assert f"{number!r} is neither a whole number nor auto" in ran.err
    assert ps("run", "msc-dpn", "-n", "10", "--workers", "auto").code == 0


# --- Processes --------------------------------------------------------------------------------------------------------


def begun(dask: Dask, folder: Path) -> subprocess.Popen[str]:
    """A program whose parts the cluster works at, and which has begun to write."""
    process = start("run", "msc-dpn", "-n", "9000000", "--events", "log.csv", "--cluster", dask.address, cwd=folder)
    wait_for(lambda: any(map(len, dask.client.processing().values())) and list(folder.iterdir()) != [])
    return process


def test_ctrl_c_cancels_the_tasks_and_leaves_the_cluster(dask, tmp_path):
    process = begun(dask, tmp_path)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == ("", "stopped; nothing was written\n")
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []
    wait_for(lambda: not sum(dask.working().values()))
    assert len(dask.client.ncores()) == 2


def test_a_scheduler_that_goes_is_an_error_in_a_sentence(tmp_path):
    (tmp_path / "dask").mkdir()
    (tmp_path / "run").mkdir()
    with cluster(tmp_path / "dask", 1) as dask:
        process = begun(dask, tmp_path / "run")
        dask.client.close()
        dask.scheduler.kill()
        gone = f"error: the Dask scheduler at {dask.address} has gone; nothing was reported\n"
        assert process.communicate(timeout=60) == ("", gone)
    assert process.returncode == 5
    assert list((tmp_path / "run").iterdir()) == []


# --- The documentation ------------------------------------------------------------------------------------------------


def test_the_sweep_of_the_documentation_does_what_it_shows(dask, tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    listing = re.search(r"<!-- file: sweep.py -->\n+```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    shown = re.search(r"^python sweep.py tcp://scheduler:8786\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert listing is not None
    assert shown is not None
    (tmp_path / "sweep.py").write_text(listing[1], encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "sweep.py", dask.address], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (ran.stdout, ran.stderr) == (shown[1], "")
