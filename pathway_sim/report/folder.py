"""A saved run: a folder that is complete or not there, with a manifest that names every file and its hash."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from pathway_sim import document
from pathway_sim.analysis.as_json import to_json
from pathway_sim.analysis.results import Results
from pathway_sim.analysis.tables import tidy
from pathway_sim.errors import StorageError
from pathway_sim.scenario import Scenario
from pathway_sim.scenario.bibliography import bibliography, table
from pathway_sim.scenario.resolved import settled, with_defaults

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
    """Write a run: ``results.json``, ``curves.csv``, ``references.csv``, ``scenario.yaml`` and, last, ``manifest.json``
    with their hashes.

    The scenario is in one file, with its defaults, and gives the same results again. Nothing in the folder tells where
    or by whom the run was made.

    Raises
    ------
    StorageError
        If the folder exists or cannot be written; nothing is then left under its name.
    """
    require_free(target)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    made = [folder for folder in target.parents if not folder.exists()]
    try:
        partial.mkdir(parents=True)
        for name, text in _files(scenario, results).items():
            _write(partial / name, text)
        partial.rename(target)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        with contextlib.suppress(OSError):  # a folder that holds the run, or anything else, stays
            for folder in made:
                folder.rmdir()


def _files(scenario: Scenario, results: Results) -> dict[str, str]:
    """The files' texts by name; the manifest, which names the others, last."""
    files = {
        "results.json": json.dumps(to_json(results), indent=1, allow_nan=False) + "\n",
        "curves.csv": tidy(results).as_csv(),
        "references.csv": table(bibliography(_without_folders(scenario))).as_csv(),
        "scenario.yaml": document.dump(with_defaults(_portable(settled(scenario)))),
    }
    files["manifest.json"] = json.dumps(_manifest(results, files), indent=1) + "\n"
    return files


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _without_folders(scenario: Scenario) -> Scenario:
    return replace(scenario, documents={arm: _portable(node) for arm, node in scenario.documents.items()})


def _portable(node: Any) -> Any:
    """The document without folders in the notes that name the file which changed a number."""
    if isinstance(node, document.Mapping):
        return node._replace(entries={name: _portable(value) for name, value in node.entries.items()})
    if isinstance(node, document.Sequence):
        return node._replace(items=tuple(map(_portable, node.items)))
    if isinstance(node.value, str) and node.value.startswith("changed by ") and node.origin.source == "file":
        return node._replace(value=node.value.replace(node.origin.file, re.split(r"[\\/]", node.origin.file)[-1]))
    return node


def _manifest(results: Results, files: dict[str, str]) -> dict[str, object]:
    return {
        **results.manifest,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "files": {name: f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" for name, text in files.items()},
    }
