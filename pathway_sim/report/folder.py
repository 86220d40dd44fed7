"""A saved run: a folder that is complete or not there, with a manifest that names every file and its hash."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from importlib import metadata
from pathlib import Path

from pathway_sim import document
from pathway_sim.analysis.as_json import to_json
from pathway_sim.analysis.results import Results
from pathway_sim.analysis.tables import tidy
from pathway_sim.errors import StorageError
from pathway_sim.scenario import Scenario

PACKAGES = ("numpy", "pydantic", "scipy", "simpy")


def require_free(target: Path) -> None:
    """Refuse a target that exists already.

    Raises
    ------
    StorageError
        If something has this name.
    """
    if target.exists() or target.is_symlink():
        raise StorageError(f"{target} exists already; name a new folder")


def save(target: Path, scenario: Scenario, results: Results) -> None:
    """Write a run: ``results.json``, ``curves.csv``, ``scenario.yaml`` (everything in one file) and, last, ``manifest.json``.

    Raises
    ------
    StorageError
        If the folder exists or cannot be written; nothing is then left under its name.
    """
    require_free(target)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    files = {
        "results.json": json.dumps(to_json(results), indent=1, allow_nan=False) + "\n",
        "curves.csv": tidy(results).as_csv(),
        "scenario.yaml": document.dump(scenario.document),
    }
    files["manifest.json"] = json.dumps(_manifest(results, files), indent=1) + "\n"
    try:
        partial.mkdir(parents=True)
        for name, text in files.items():
            with (partial / name).open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
        partial.rename(target)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(f"cannot write {target}: {error.strerror or error}") from error


def _manifest(results: Results, files: dict[str, str]) -> dict[str, object]:
    return {
        **results.manifest,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "files": {name: f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" for name, text in files.items()},
    }
