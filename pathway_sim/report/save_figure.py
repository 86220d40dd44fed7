"""A figure as a file: the same figure gives the same bytes, and a file is whole or not there."""

from __future__ import annotations

import contextlib
import hashlib
import html
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pathway_sim.errors import StorageError, UsageError
from pathway_sim.report import style
from pathway_sim.report.words import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("svg", "png", "pdf")


def render(figure: Figure, kind: str = "svg", *, title: str = "", alt: str = "") -> bytes:
    """The bytes of a picture.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to draw.
    kind : str
        ``svg``, ``png`` or ``pdf``.
    title, alt : str
        Title and alternative text; they go where the format keeps them.
    """
    if kind not in KINDS:
        raise UsageError(f'cannot write a chart as "{kind}"; choose .svg, .png or .pdf')
    title, alt = plain(title), plain(alt)
    buffer = io.BytesIO()
    with style.context():
        figure.savefig(buffer, format=kind, dpi=style.PNG_DPI, metadata=_metadata(kind, title, alt))
    data = buffer.getvalue()
    return _with_description(data, title, alt) if kind == "svg" and (title or alt) else data


def write(figure: Figure, path: Path | str, *, title: str = "", alt: str = "") -> None:
    """Write a picture as its suffix says (``.svg``, ``.png``, ``.pdf``), whole or not at all.

    Raises
    ------
    UsageError
        If the suffix is another one.
    StorageError
        If the file cannot be written.
    """
    target = Path(path)
    write_bytes(target, render(figure, target.suffix.lower().removeprefix("."), title=title, alt=alt))


def write_bytes(path: Path, data: bytes) -> None:
    """Put bytes into a file through a temporary file beside it, so that nobody ever sees half of it."""
    temporary = path.with_name(f".pathway-sim-{os.getpid()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error


def _metadata(kind: str, title: str, alt: str) -> Mapping[str, object]:
    """What each format records: words that help, and nothing that differs from day to day or version to version."""
    if kind == "svg":  # its title and description are elements of the drawing, see below
        return {"Date": None, "Creator": "pathway-sim"}
    if kind == "pdf":
        return {"CreationDate": None, "Creator": "pathway-sim", "Producer": None, "Title": title, "Subject": alt}
    return {"Software": None, **{key: text for key, text in (("Title", title), ("Description", alt)) if text}}


def _with_description(data: bytes, title: str, alt: str) -> bytes:
    """SVG that names and describes itself to a screen reader; its ids are those of this picture alone."""
    key = hashlib.blake2b(f"{title}\0{alt}".encode(), digest_size=4).hexdigest()
    name, description = (html.escape(each, quote=False) for each in (title, alt))
    words = f'<title id="title-{key}">{name}</title>\n <desc id="desc-{key}">{description}</desc>\n'
    text = data.decode()
    start = text.index("<svg ")
    end = text.index(">", start) + 1
    opening = text[start : end - 1] + f' role="img" aria-labelledby="title-{key} desc-{key}">'
    return f"{text[:start]}{opening}\n {words}{text[end:].lstrip()}".encode()
