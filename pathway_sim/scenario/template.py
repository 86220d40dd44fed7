"""The file that ``init`` writes: short, commented, and ready to run."""

from __future__ import annotations

import re
import shlex
import unicodedata

TEXT = """\
# A scenario for pathway-sim. It is laid over a shipped one: what is not written here is taken from there.
#   pathway-sim compare {name}                     what its arms change
#   pathway-sim show {name} --resolved --origins   every number, and where it comes from
#   pathway-sim schema > scenario.schema.json         for completion in your editor
# yaml-language-server: $schema=scenario.schema.json
format: 1
name: {id}
title: My therapy
question: When could my therapy reach patients, and what would RMAT change?
extends: {extends}

# To begin at a later stage, with everything before it done on the day `as_of`:
# start: {{stage: phase_2}}

stages:
  phase_2:
    # A quantity with a unit is certain; a distribution in a duration is chance.
    duration: {{kind: lognormal, median: 26 months, sd_log: 0.35, assumption: replace by what you know of this trial}}
    # Beside a number stands its source: evidence, regulation, or the reason for an assumption.
    success: {{value: 0.25, assumption: replace by your own view}}
"""


def template(stem: str, extends: str) -> str:
    """The text of a new file with this stem as its name."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    identifier = re.sub(r"[^a-z0-9_-]+", "-", plain).strip("-") or "mine"
    identifier = identifier if identifier[0].isalpha() else f"s-{identifier}"
    return TEXT.format(
        name=shlex.quote(f"{stem}.yaml") if stem.isprintable() else "FILE", id=identifier[:64], extends=extends
    )
