"""How every picture looks: colours, line styles, the font, and text that is drawn as it stands.

matplotlib is imported when a picture is drawn, not before, and its global settings are left as they were.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.ft2font import FT2Font
    from matplotlib.text import Text

SLIDE = (10.0, 5.6)  # inches
MARGIN = 0.35  # inches
PNG_DPI = 200
BACKGROUND = "#ffffff"
INK = "#1a1a1a"
QUIET = "#595959"  # secondary text, 7:1 on white
GRID = "#e2e2e2"
RULE = "#9a9a9a"
STRIPE = "#f5f5f5"
SMALL, NORMAL = 8.0, 9.5  # points
TITLES = (14.0, 12.5, 11.0)  # the largest in which a title goes into two lines

# Okabe and Ito (2008), without the yellow that white paper swallows; the order is the order of the arms.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 1.6), (1.4, 1.4), (7, 1.6, 1.4, 1.6), (3, 1.2), (9, 2), (1, 2.6))
HATCHES = ("", "/////", "xxxxx")

_BOUND = re.compile(r" (?=%|months?\b|points\b)|(?<=\b[A-Z][a-z][a-z]) (?=\d{4}\b)")  # blanks where no line may end

_RC: dict[str, Any] = {
    "text.parse_math": False,
    "text.usetex": False,
    "svg.fonttype": "none",  # text stays text: read aloud, searched, half the size; Verdana has nearly the same widths
    "font.sans-serif": ["DejaVu Sans", "Bitstream Vera Sans", "Verdana"],
    "svg.hashsalt": "pathway-sim",
    "pdf.fonttype": 42,
    "hatch.linewidth": 0.7,
    "axes.unicode_minus": True,
}


class MissingGlyphWarning(UserWarning):
    """A character that the font of the pictures does not have; it is drawn as □."""


@contextmanager
def context() -> Iterator[None]:
    """Build or write a picture under the settings of this module, whatever the user's own matplotlib settings are."""
    import matplotlib

    current: Any = matplotlib.rcParams
    wanted = {key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith("backend")} | _RC
    changed: Any = {key: value for key, value in wanted.items() if current[key] != value}  # to set one takes long
    with matplotlib.rc_context(changed):
        yield


@functools.cache
def font(size: float = NORMAL, bold: bool = False) -> FontProperties:
    """DejaVu Sans as matplotlib ships it; never a font that happens to be installed."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=_font_file(bold), size=size, weight="bold" if bold else "normal")


@functools.cache
def _font_file(bold: bool) -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


@functools.cache
def _face(bold: bool) -> FT2Font:
    from matplotlib.ft2font import FT2Font

    face = FT2Font(str(_font_file(bold)))
    face.set_size(100, 72)
    return face


@functools.cache
def _has_glyph(character: str, bold: bool) -> bool:
    return _face(bold).get_char_index(ord(character)) != 0


@functools.cache
def _advance(character: str, bold: bool) -> float:
    """Width of a character in units of the size of the text."""
    shown = character if _has_glyph(character, bold) else "□"
    return float(_face(bold).load_char(ord(shown)).linearHoriAdvance) / 65536 / 100


def drawable(text: str, bold: bool = False) -> str:
    """The text with □ for every character that the font lacks, and a warning that names them."""
    missing = sorted({c for c in text if ord(c) > 126 and not _has_glyph(c, bold)})
    if not missing:
        return text
    shown = "".join(missing[:12])
    warnings.warn(f"the charts' font has no glyph for {shown}; drawn as □", MissingGlyphWarning, stacklevel=2)
    return "".join("□" if c in missing else c for c in text)


def put(target: Axes | Figure, x: float, y: float, text: str, **options: Any) -> Text:
    """Write text on a figure or axes exactly as it stands; ``size``, ``bold``, and matplotlib's own text options."""
    size, bold = options.pop("size", NORMAL), options.pop("bold", False)
    options = {"color": INK, "va": "baseline", "ha": "left", **options}
    return target.text(x, y, drawable(text, bold), fontproperties=font(size, bold), parse_math=False, **options)


def width(text: str, size: float = NORMAL, bold: bool = False) -> float:
    """Width in inches of a line of text when it is drawn (without kerning, which only makes it narrower)."""
    return sum(_advance(character, bold) for character in text) * size / 72


def fit(text: str, room: float, size: float = NORMAL, bold: bool = False) -> str:
    """The text, or as much of its beginning and ``…`` as goes into ``room`` inches."""
    if width(text, size, bold) <= room:
        return text
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        shorter = width(text[:middle].rstrip() + "…", size, bold) <= room
        low, high = (middle, high) if shorter else (low, middle)
    return text[:low].rstrip() + "…"


def wrap(text: str, room: float, size: float, bold: bool = False, most: int = 2) -> list[str]:
    """The text in at most ``most`` lines of ``room`` inches; what does not fit is cut with ``…``."""
    lines: list[str] = []
    rest = _BOUND.sub("\u00a0", text).split(" ")
    while rest and len(lines) < most - 1:
        taken = 1
        while taken < len(rest) and width(" ".join(rest[: taken + 1]), size, bold) <= room:
            taken += 1
        lines.append(fit(" ".join(rest[:taken]), room, size, bold))
        rest = rest[taken:]
    return [*lines, fit(" ".join(rest), room, size, bold)] if rest else lines


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` as WCAG 2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, other: str = BACKGROUND) -> float:
    """Contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((luminance(colour), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """A colour that is ``share`` of ``other`` and the rest of ``colour``."""
    pairs = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)


@functools.cache
def readable(colour: str) -> str:
    """The colour, darkened as far as text in it needs for a contrast of 4.5:1 on white."""
    return next(
        shade
        for shade in (mixed(colour, "#000000", step / 20) for step in range(21))
        if contrast(shade, BACKGROUND) >= 4.5
    )


def arm_colour(index: int) -> str:
    """Colour of the index-th arm, the baseline being 0."""
    return COLOURS[index % len(COLOURS)]


def arm_dashes(index: int) -> tuple[float, tuple[float, ...] | None]:
    """Line style of the index-th arm; colour and style together differ for the first 49 arms."""
    pattern = DASHES[(index + index // len(COLOURS)) % len(DASHES)]
    return (0, pattern or None)
