"""The words that entries of the catalogue may use, with their meaning."""

from __future__ import annotations

DEFINITIONS = {
    "phase_by_phase": "of programs that left a phase in the period, the share that moved on to the next",
    "path_by_path": "of development paths that entered a phase, missing phases inferred, the share that advanced",
    "likelihood_of_approval": "of programs that entered the clinic, the share ever approved",
    "start_to_start_mean": "mean time from the start of a phase to the start of the next, programs that advanced",
    "first_to_last": "first patient to the last visit or the readout of one trial",
    "end_to_start": "from the end of one trial to the start of the next",
    "mean": "mean of what was observed",
    "median": "median of what was observed; of times to approval or submission, among those that got there",
}
"""How a figure was counted, where that decides what it may be joined with."""
DISPERSIONS = {
    "quartiles": "a quarter of what was observed lies below low, a quarter above high",
    "p10_p90": "a tenth of what was observed lies below low, a tenth above high",
    "p90": "a tenth of what was observed lies above value",
    "range": "the least and the greatest that was observed",
    "sd": "standard deviation of what was observed",
    "sd_log": "standard deviation of the logarithms of what was observed",
    "se": "standard error of the figure itself",
    "interval_95": "95 % interval of the figure itself",
}
"""How what was observed scatters, or how sure the figure is."""
SHARES = ("proportion", "percent", "percentage points", "ratio", "relative change")
NUMBERS = ("log units", "standard deviations", "shape", "points", "patients per month", "patients per site and month")
COUNTS = (
    "applications", "approvals", "cells", "centres", "cycles", "designations", "goals", "holds", "INDs", "letters",
    "meetings", "networks", "patients", "places", "positions", "products", "reasons", "requests", "resubmissions",
    "sites", "studies", "submissions", "trials", "units",
)  # fmt: skip
UNITS = frozenset({"days", "weeks", "months", "years", "date", *SHARES, *NUMBERS, *COUNTS})
"""The units of figures."""
