"""Random scenario documents that tie: whole-day durations, parallel tracks, joins, skips, loops and early ends.

    document = random_pathway(17)        # plain data in the file grammar, the same for ever

    @given(pathways())                   # a failing example prints as random_pathway(k=17)
    def test_something(document): ...

The documents are valid by construction: a stage refers only to stages made before it (except that a side track may
leave a trial after its enrolment and act on its readout), and names are shuffled, so that their order says nothing
about the order in time. `random_pathway` uses a counter hash of its own, not a library's generator.

Some begin a few days before a rule of an agency changes, others years before with the clocks of agencies, so that later
regimes take over on the way. What the page on semantics leaves open is not written: a bare part or visit of a stage
that may be skipped, effects on a number that the agency gives by default.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Stage = dict[str, Any]

NAMES = (*"abcdefghkmnpqrstuvwxyz", "a1", "a2", "a-1", "a_1", "b10", "b2", "zz", "m-n", "m_n")
LONG = ("30 days", "90 days", "200 days", "400 days")
SHORT = ("0 days", "0 days", "1 day", "1 day", "1 day", "2 days", "2 days", "3 days")
HORIZONS = ("4 days", "7 days", "12 days", "60 days", "60 days", "60 days", "90 days", "1 year")
YEARS = ("60 days", "6 years", "6 years")
LIKELY = (0.5, 0.75, 0.75, 0.9, 1)
UNLIKELY = (0, 0.1, 0.25, 0.25, 0.5)
EVEN = (0.25, 0.5, 0.5, 0.75, 1)
EVENTS = ("day_74", "inspection", "mid-cycle", "late_cycle", "zz")

SOON = {
    "2012-09-27": ("fda.goal.standard", "fda.goal.priority"),
    "2012-09-29": ("fda.goal.standard", "fda.goal.priority"),
    "2016-12-11": ("fda.rmat.grant",),
    "2017-09-28": ("fda.meeting.b_eop",),
    "2017-09-30": ("fda.meeting.b_eop",),
    "2023-09-28": ("fda.rmat.grant",),
    "2024-12-30": ("fda.rmat.grant",),
}
"""The rules that change a few days after a date."""
EARLY = ("2011-06-01", "2012-03-01", "2016-01-01", "2016-08-01", "2017-03-01", "2023-01-01", "2024-01-01", "2026-11-22")
CLOCKS = (
    ("fda.goal.standard", "1992-10-29"),
    ("fda.goal.priority", "1992-10-29"),
    ("fda.meeting.b_eop", "1997-11-21"),
    ("fda.meeting.b_eop", "1997-11-21"),
    ("fda.meeting.a", "1997-11-21"),
    ("fda.ind.review", "1987-06-17"),
    ("fda.goal.national_priority", "2025-10-16"),
    ("ema.resubmission.lapse", "2004-05-20"),
)
"""Rules that are durations, and when they begin."""
SHARES = (
    ("fda.rmat.grant", "0001-01-01"),
    ("fda.rmat.grant", "0001-01-01"),
    ("fda.rmat.grant_again", "2016-12-13"),
    ("fda.breakthrough.grant", "2012-07-09"),
    ("fda.meeting.late", "2012-10-01"),
)
"""Rules that are probabilities, and when they begin."""


class Dice:
    """Numbers from a counter: throw i of pathway k is a hash of (k, i)."""

    def __init__(self, k: int) -> None:
        self.k, self.thrown = k, 0
        self.uncertain = self.chance(0.25)  # some of the numbers are unknown
        self.smooth = self.chance(0.2)  # some of the durations are continuous
        self.ruled = self.chance(0.4)  # some of the numbers are rules of agencies
        self.patient = self.ruled and self.chance(0.5)  # the clocks of agencies have their time
        self.as_of = self.pick(EARLY if self.patient else tuple(SOON)) if self.ruled else "2026-01-01"

    def below(self, n: int) -> int:
        """Return a whole number from 0 to n - 1."""
        self.thrown += 1
        digest = hashlib.blake2b(f"{self.k}:{self.thrown}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") * n >> 64

    def chance(self, p: float) -> bool:
        return self.below(10_000) < p * 10_000

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def some(self, options: Sequence[T], n: int) -> list[T]:
        """Return up to n different options, in random order."""
        left, chosen = list(options), []
        while left and len(chosen) < n:
            chosen.append(left.pop(self.below(len(left))))
        return chosen

    def maybe(self, p: float, key: str, value: Any) -> dict[str, Any]:
        return {key: value} if self.chance(p) else {}


# --- Numbers ----------------------------------------------------------------------------------------------------------


def rule(dice: Dice, rules: Sequence[tuple[str, str]]) -> Stage:
    """Return one of the rules that have begun, rather one that is about to change."""
    changing = [name for name, _ in rules if name in SOON.get(dice.as_of, ())]
    if changing and dice.chance(0.7):
        return {"rule": dice.pick(changing)}
    return {"rule": dice.pick([name for name, begins in rules if begins <= dice.as_of])}


def duration(dice: Dice) -> Any:
    """Return a duration: mostly whole days, so that steps of parallel tracks meet."""
    if dice.ruled and dice.chance(0.15):
        return rule(dice, CLOCKS)
    if dice.smooth and dice.chance(0.3):
        return dice.pick(
            (
                {"kind": "uniform", "low": "1 day", "high": "4 days"},
                {"kind": "triangular", "low": "0 days", "mode": "1 day", "high": "1 week"},
                {"kind": "exponential", "mean": median(dice)},
                {"kind": "lognormal", "median": median(dice), "sd_log": 0.4},
            )
        )
    return dice.pick(LONG if dice.patient and dice.chance(0.3) else SHORT)


def median(dice: Dice) -> Any:
    """Return a quantity inside a law of chance, perhaps an unknown one."""
    if dice.uncertain and dice.chance(0.5):
        return {"kind": "uniform", "low": "1 day", "high": "3 days"}
    return dice.pick(("2 days", "0.1 months"))


def probability(dice: Dice, values: Sequence[float]) -> Any:
    if dice.ruled and dice.chance(0.3):
        return rule(dice, SHARES)
    if dice.uncertain and dice.chance(0.4):
        return dice.pick(
            (
                {"kind": "uniform", "low": 0.25, "high": 0.75},
                {"kind": "uniform", "low": 0.25, "high": 0.75, "value": 0.6},
                {"kind": "triangular", "low": 0.1, "mode": 0.8, "high": 1, "value": 0.7},
            )
        )
    return dice.pick(values)


# --- Stages, by kind --------------------------------------------------------------------------------------------------


def work(dice: Dice) -> Stage:
    stage: Stage = {"kind": "work", "duration": duration(dice)}
    form = dice.below(5)
    if form == 0:
        stage["outcomes"] = {"good": probability(dice, LIKELY), "other": "rest"}
    elif form == 1:
        stage["outcomes"] = {"good": 0.5, "bad": 0.25, "weak": 0.25}
    elif form == 2:
        stage["outcomes"] = {"bad": dice.pick((0.1, 0.25)), "good": dice.pick((0.25, 0.5)), "again": "rest"}
        stage["repeat"] = {"on": "again", "at_most": dice.pick((1, 2, 3))}
        stage |= dice.maybe(0.6, "terminal", dice.pick(([], ["exhausted"], ["bad", "exhausted"])))
    if form in (1, 2) and "terminal" not in stage:
        stage |= dice.maybe(0.3, "terminal", ["bad"])
    if form in (3, 4):
        stage |= dice.maybe(0.05, "terminal", ["done"])
    if "outcomes" in stage and dice.chance(0.25):
        stage["order"] = dice.some(list(stage["outcomes"]), 9)
    return stage


def trial(dice: Dice) -> Stage:
    stage: Stage = {"kind": "trial", "success": probability(dice, LIKELY)}
    if dice.chance(0.4):
        stage["design"] = {part: duration(dice) for part in ("enrolment", "follow_up", "readout")}
    else:
        stage["duration"] = duration(dice)
        stage |= dice.maybe(0.3, "pivotal_trials", 2)
        if "pivotal_trials" in stage:
            stage |= dice.maybe(0.6, "run", dice.pick(("parallel", "sequential")))
    if dice.chance(0.4):
        stage["hold"] = {"probability": probability(dice, EVEN), "repair": duration(dice)}
        stage["hold"]["lifted"] = probability(dice, LIKELY)
    elif "design" in stage and dice.chance(0.6):
        stage["design"]["interim"] = interim(dice)
    elif dice.chance(0.4):
        stage["repeat"] = {"on": "failed", "at_most": dice.pick((2, 3))}
    return stage | dice.maybe(0.5, "terminal", dice.pick(([], [], ["never_lifted"])) if "hold" in stage else [])


def interim(dice: Dice) -> Stage:
    found: Stage = {"at": dice.pick((0, 0.25, 0.5, 0.5, 1)), "readout": duration(dice)}
    return found | {"success": probability(dice, UNLIKELY), "futility": probability(dice, UNLIKELY)}


def hold(dice: Dice) -> Stage:
    stage: Stage = {
        "kind": "hold",
        "clock": duration(dice),
        "probability": probability(dice, EVEN),
        "repair": duration(dice),
        "lifted": probability(dice, LIKELY),
    }
    if dice.chance(0.4):
        stage["cause"] = dice.pick(
            ({"cmc": 0.5, "protocol": 0.5}, {"protocol": probability(dice, EVEN), "cmc": "rest"})
        )
        stage |= dice.maybe(0.5, "repair", {cause: duration(dice) for cause in stage["cause"]})
        stage |= dice.maybe(0.5, "lifted", {cause: probability(dice, LIKELY) for cause in stage["cause"]})
    return stage | dice.maybe(0.4, "terminal", [])


def meeting(dice: Dice) -> Stage:
    stage: Stage = {"kind": "meeting", "type": dice.pick(("a", "b", "b_eop", "b_eop", "c"))}
    stage |= {"clock": duration(dice)} if dice.chance(0.4 if dice.patient else 0.9) else {}
    if dice.chance(0.4):
        stage["late"] = {"probability": probability(dice, EVEN), "duration": duration(dice)}
    stage |= dice.maybe(0.5, "prepare", duration(dice))
    stage |= dice.maybe(0.4, "minutes", duration(dice))
    if dice.chance(0.4):
        stage["outcomes"] = {"agreed": probability(dice, LIKELY), "open": "rest"}
        stage |= dice.maybe(0.2, "terminal", ["open"])
    return stage


def designation(dice: Dice) -> Stage:
    grant: Any = probability(dice, EVEN)
    if dice.chance(0.5):
        grant = {"first": probability(dice, UNLIKELY), "later": probability(dice, LIKELY)}
    stage: Stage = {"kind": "designation", "clock": duration(dice), "grant": grant}
    stage |= dice.maybe(0.4, "prepare", duration(dice))
    stage |= dice.maybe(0.3, "withdraw", dice.pick(UNLIKELY))
    if dice.chance(0.6):
        stage["at_most"] = dice.pick((2, 2, 3))
        stage |= dice.maybe(0.8, "again", duration(dice))
    if dice.chance(0.4):
        stage["rescind"] = {"probability": probability(dice, EVEN), "after": duration(dice)}
    return stage


def application(dice: Dice) -> Stage:
    stage: Stage = {"kind": "application", "goal": goal(dice)}
    stage |= {"filing": dice.pick(("0 days", "1 day", "2 days"))} if dice.chance(0.6 if dice.patient else 0.95) else {}
    stage |= dice.maybe(0.3, "agency", dice.pick(("ema", "fda")))
    stage |= dice.maybe(0.5, "refuse", refuse(dice, stage))
    stage |= dice.maybe(0.4, "extension", extension(dice))
    stage |= dice.maybe(0.5, "slip", slip(dice))
    stage["at_most"] = dice.pick((0, 1, 1, 2, 2, 3))
    names = causes(dice, stage)
    if dice.chance(0.6):
        stage["during"] = {name: event(dice, stage, names) for name in dice.some(EVENTS, dice.pick((1, 2, 3)))}
    ways = answers(dice, stage, names)
    stage["approve"] = approve(dice, ways)
    if stage["at_most"]:
        resubmissions(dice, stage, names, ways)
    return stage | dice.maybe(0.4, "terminal", dice.pick(([], ["exhausted"])))


def event(dice: Dice, stage: Stage, causes: list[str]) -> Stage:
    """Return an event during the first review, at a time by priority if the goal is."""
    at: Any = dice.pick(("0 days", "1 day", "2 days", "3 days", "4 days"))
    if isinstance(stage["goal"], dict) and "share" in stage["goal"] and dice.chance(0.6):
        at = {"standard": "3 days", "priority": dice.pick(("1 day", "2 days"))}
    elif dice.patient and dice.chance(0.3):
        at = rule(dice, CLOCKS)
    found: Stage = {"at": at} | dice.maybe(0.5, "held", probability(dice, EVEN))
    found |= dice.maybe(0.4, "stops", duration(dice))
    if dice.chance(0.5):
        found["negative"] = probability(dice, EVEN)
        found |= dice.maybe(0.6, "letter", dice.pick((0, 0.5, 1)))
        if "cause" in stage:
            found |= dice.maybe(0.6, "cause", dice.pick(causes))
    return found


def goal(dice: Dice) -> Any:
    if dice.chance(0.4):
        clocks = {"standard": "5 days", "priority": "3 days"}
        if dice.ruled:
            clocks = dice.pick((clocks, {}, {}, {"standard": {"rule": "fda.goal.standard"}}))
        return clocks | {"share": probability(dice, LIKELY)}
    if dice.ruled and dice.chance(0.5):
        return {"rule": dice.pick(("fda.goal.standard", "fda.goal.standard", "fda.goal.priority", "ema.goal.standard"))}
    if dice.smooth and dice.chance(0.3):
        return duration(dice)
    return dice.pick(("1 day", "3 days", "4 days", "4 days"))


def extension(dice: Dice) -> Stage:
    found: Stage = {"probability": dice.pick((0.25, 0.5, 1)), "duration": duration(dice)}
    later = {"probability": dice.pick((0, 0.5, 1)), "duration": dice.pick(SHORT)}
    return found | dice.maybe(0.4, "later", later)


def refuse(dice: Dice, stage: Stage) -> Stage:
    found: Stage = {"probability": dice.pick(EVEN), "answer": duration(dice), "at_most": dice.pick((1, 2))}
    if dice.chance(0.5):
        found["protest"] = probability(dice, EVEN)
        by_default = stage.get("agency") != "ema" and dice.chance(0.3)
        found |= {} if by_default else {"conference": duration(dice)}
    return found


def slip(dice: Dice) -> Any:
    return dice.pick(("-1 day", "1 day", "-9 days", {"approved": "-1 day", "letter": "1 day"}))


def causes(dice: Dice, stage: Stage) -> list[str]:
    """Add the causes of complete responses, and return their names."""
    forms: list[dict[str, Any]] = [
        {"cmc": 0.5, "clinical": 0.5},
        {"site": 0.25, "cmc": 0.5, "clinical": 0.25},
        {"kind": "dirichlet", "counts": {"cmc": 5.5, "clinical": 4.5}, "values": {"cmc": 0.6, "clinical": 0.4}},
        {"kind": "dirichlet", "counts": {"site": 2, "cmc": 6, "clinical": 2}},
    ]
    if dice.chance(0.3):
        return ["crl"]
    stage["cause"] = dice.pick(forms if dice.uncertain else forms[:2])
    return list(stage["cause"].get("counts", stage["cause"]))


def answers(dice: Dice, stage: Stage, names: list[str]) -> list[str]:
    """Add the ways of answering letters, and return the names of all ways."""
    if names == ["crl"] or not stage["at_most"] or dice.chance(0.5):
        return names
    stage["answer"] = {"clinical": {"trial": 0.5, "analysis": 0.5}}
    return [name for name in names if name != "clinical"] + ["trial", "analysis"]


def approve(dice: Dice, ways: list[str]) -> Any:
    form = dice.below(3)
    if form == 0:
        return probability(dice, (0.25, 0.5, 0.75))
    if form == 1:
        return {"first": probability(dice, (0.1, 0.5)), "later": probability(dice, LIKELY)}
    return {"first": probability(dice, (0.1, 0.5)), **{way: dice.pick((0.25, 0.5, 1)) for way in ways}}


def resubmissions(dice: Dice, stage: Stage, names: list[str], ways: list[str]) -> None:
    stage["response"] = {way: duration(dice) for way in ways} if dice.chance(0.5) else duration(dice)
    stage["class_1"] = dice.pick((0, 0.25, 0.5, 1))
    if dice.chance(0.6 if dice.patient else 0.95):
        stage["resubmission_goal"] = {"class_1": dice.pick(("1 day", "0 days")), "class_2": "2 days"}
    stage["withdraw"] = {name: dice.pick(UNLIKELY) for name in names} if dice.chance(0.3) else dice.pick((0, 0.1, 0.25))
    stage |= {"lapse": duration(dice)} if dice.chance(0.6 if dice.patient else 0.9) else {}
    stage |= dice.maybe(0.5, "extend", dice.pick((0, 0, 0.5, 1)))
    if dice.chance(0.5):
        stage["type_a"] = {"probability": probability(dice, EVEN)}
        by_default = stage.get("agency") != "ema" and dice.chance(0.3 if dice.patient else 0.1)
        stage["type_a"] |= {} if by_default else {"clock": duration(dice)}


MAKERS = (work, work, work, work, trial, trial, trial, hold, meeting, designation, designation, application)


# --- References -------------------------------------------------------------------------------------------------------


def facts(name: str, stage: Stage) -> list[str]:
    """Return the references to a stage that may be made, the useful ones several times."""
    skippable = "if" in stage or not stage.get("enabled", True)
    always = [name, name, name, f"{name}.start"] + ([f"{name}.skipped"] if skippable else [])
    return always + [f"{name}{fact}" for fact in KIND_FACTS[stage["kind"]](stage)]


def work_facts(stage: Stage) -> list[str]:
    names = [f".{outcome}" for outcome in stage.get("outcomes", ["done"])]
    if "repeat" not in stage:
        return names
    visits = stage["repeat"]["at_most"]
    names = [".good", ".good", ".bad", f"/{visits}.good", f"/{visits}.start", ".exhausted"]
    return names + ([".again", "/1.again"] if visits > 1 else [])


def trial_facts(stage: Stage) -> list[str]:
    found = [".success"] * 3 + [".failed"] + ([".exhausted", ".success"] if "repeat" in stage else [])
    if "design" in stage:
        found += [".enrolment.done", ".enrolment.start", ".follow_up/1.start", ".readout.success", ".readout.start"]
        found += [".interim.start", ".continues", ".interim.success"] if "interim" in stage["design"] else []
    if "hold" in stage:
        found += [".held", ".lifted", ".hold.start", ".hold/1.lifted", ".resumed.start", ".never_lifted"]
        found += [] if "design" in stage else [".start", ".resumed.success"]
    return found


def hold_facts(stage: Stage) -> list[str]:
    held = [".held_cmc", ".review.held_protocol"] if "cause" in stage else [".held"]
    return [*held, ".effective", ".effective", ".review.effective", ".hold.start", ".never_lifted", ".hold.effective"]


def meeting_facts(stage: Stage) -> list[str]:
    found = [".agreed", ".minutes.open"] if "outcomes" in stage else [".done"]
    return found + [".meeting.start"] + ([".preparation.done"] if "prepare" in stage else [])


def designation_facts(stage: Stage) -> list[str]:
    found = [".granted", ".granted", ".denied"] + ([".withdrawn"] if "withdraw" in stage else [])
    found += [".decision.start", ".request/1.done"] + ([".rescinded", ".kept"] if "rescind" in stage else [])
    found += [".preparation/1.done", ".preparation.start"] if "prepare" in stage else []
    later = [".granted", "/2.start", "/2.granted", "/1.denied", ".preparation/2.done", ".decision/2.start"]
    return found + (later if stage.get("at_most", 1) > 1 else [])


def application_facts(stage: Stage) -> list[str]:
    found = [".approved", ".approved", ".approved", ".filed", ".review.start", ".exhausted", ".filing/1.filed"]
    if "refuse" in stage:
        found += [".refused", ".not_filed", ".refusal/1.done", ".filing/2.start"]
        found += [".protest", ".refusal/1.protest"] if "protest" in stage["refuse"] else []
    for name, given in stage.get("during", {}).items():
        found += [f".{name}.start", f".{name}.done"] + (
            [f".{name}.negative", ".negative"] if "negative" in given else []
        )
        found += [f".{name}.not_held"] if "held" in given else []
    if stage["at_most"]:
        found += [".review/2.start", ".response.start", ".withdrawn", ".review/1.approved", ".response/1.withdrawn"]
        found += [".crl_cmc", ".crl_clinical"] if "cause" in stage else [".crl"]
        found += [".type_a.start", ".type_a.held", ".type_a/1.not_held"] if "type_a" in stage else []
    return found


KIND_FACTS = {
    "work": work_facts,
    "trial": trial_facts,
    "hold": hold_facts,
    "meeting": meeting_facts,
    "designation": designation_facts,
    "application": application_facts,
}


def reference(dice: Dice, stages: dict[str, Stage]) -> str:
    """Return a reference to one of the stages, rather to a late one."""
    names = list(stages)
    name = dice.pick(names[-4:] if dice.chance(0.7) else names)
    return dice.pick(facts(name, stages[name]))


def join(dice: Dice, stages: dict[str, Stage]) -> Any:
    """Return what a stage waits for: one reference, or several in a list, `all`, `any`, or nested."""
    refs = [reference(dice, stages) for _ in range(dice.pick((1, 1, 2, 2, 3)))]
    form = dice.below(4)
    if len(refs) == 1:
        return refs if form else refs[0]
    if len(refs) == 3 and form:
        inner = {"any": refs[1:]}
        return {"all": [refs[0], inner]} if form == 1 else {"any": [refs[0], {"all": refs[1:]}]}
    return (refs, {"any": refs}, {"any": refs}, {"all": refs})[form]


def condition(dice: Dice, stages: dict[str, Stage], depth: int = 0) -> Any:
    form = dice.below(6)
    if depth == 2 or form < 2:
        return reference(dice, stages)
    if form < 4:
        return {"not": condition(dice, stages, depth + 1)}
    return {("any", "all")[form - 4]: [condition(dice, stages, depth + 1) for _ in range(2)]}


# --- Effects ----------------------------------------------------------------------------------------------------------


def during(*fields: str) -> str:
    """Return the paths of fields of all events during a review."""
    return " ".join(f"during.{name}.{field}" for name in EVENTS for field in fields)


LENGTHS = {
    "work": "duration",
    "trial": "duration design.enrolment design.follow_up design.readout hold.repair design.interim.readout",
    "hold": "clock repair repair.cmc",
    "meeting": "prepare clock late.duration minutes",
    "designation": "prepare clock again rescind.after",
    "application": "filing goal response response.cmc lapse refuse.answer refuse.conference type_a.clock "
    "resubmission_goal.class_2 extension.duration extension.later.duration " + during("at", "at.priority", "stops"),
}
CHANCES = {
    "work": "outcomes.good",
    "trial": "success success hold.probability hold.lifted design.interim.success design.interim.futility",
    "hold": "probability lifted lifted.cmc",
    "meeting": "outcomes.agreed late.probability",
    "designation": "grant grant.first grant.later withdraw rescind.probability",
    "application": "approve approve.first approve.later approve.cmc class_1 refuse.probability goal.share "
    "refuse.protest withdraw withdraw.cmc extend type_a.probability extension.probability "
    + during("held", "negative"),
}


def is_number(stage: Stage, path: str) -> bool:
    """Tell whether the stage has one number or distribution at a path."""
    node: Any = stage
    for depth, part in enumerate(path.split(".")):
        if not isinstance(node, dict) or (depth and {"kind", "rule"} & set(node)) or part not in node:
            return False
        node = node[part]
    return not isinstance(node, dict) or bool({"kind", "rule"} & set(node))


def fields(stage: Stage, known: dict[str, str]) -> list[str]:
    """Return the numbers of a stage that an effect may act on; shares without a `rest` must keep their sum."""
    found = [path for path in known[stage["kind"]].split() if is_number(stage, path)]
    if stage.get("at_most", 1) < (2 if stage["kind"] == "designation" else 1):
        found = [
            path
            for path in found
            if path.split(".")[-1] in ("grant", "approve", "first", "share") or "later" not in path
        ]
        found = [
            path
            for path in found
            if stage["kind"] == "designation"
            or path.split(".")[0] in ("approve", "goal", "filing", "refuse", "during", "extension")
        ]
        found = [path for path in found if path != "approve.cmc"]
    has_rest = "rest" in stage.get("outcomes", {}).values()
    return [path for path in found if has_rest or not path.startswith("outcomes.")]


def effect(dice: Dice, stages: dict[str, Stage], sets: set[str]) -> Stage | None:
    """Return an effect on a stage, or on two, by what happens on the stages before them; None if there is no field."""
    names = list(stages)
    first = 1 + dice.below(len(names) - 1)
    on_chance = dice.chance(0.6)
    possible = {name: fields(stages[name], CHANCES if on_chance else LENGTHS) for name in names[first:]}
    found = [f"{name}.{dice.pick(paths)}" for name, paths in possible.items() if paths]
    if not found:
        return None
    chosen = [found[0], *dice.some(found[1:], dice.pick((0, 0, 1)))]
    made: Stage = {"if": condition(dice, {name: stages[name] for name in names[:first]})}
    made["on"] = chosen if len(chosen) > 1 or dice.chance(0.2) else chosen[0]
    how, value = operation(dice, on_chance)
    if how == "set" and not sets.isdisjoint(chosen):
        return None
    sets |= set(chosen) if how == "set" else set()
    return made | {how: value} | dice.maybe(0.1, "enabled", False)


def operation(dice: Dice, on_chance: bool) -> tuple[str, Any]:
    how = dice.pick(("scale", "scale", "odds", "set")) if on_chance else dice.pick(("scale", "scale", "set"))
    if how == "set":
        return how, dice.pick((0, 0.5, 1)) if on_chance else dice.pick(SHORT)
    if dice.uncertain and dice.chance(0.4):
        return how, {"kind": "lognormal", "median": 1.5, "sd_log": 0.3}
    return how, dice.pick((0.5, 2, 3))


def side_track(dice: Dice, stages: dict[str, Stage], name: str) -> tuple[Stage, Stage] | None:
    """Return a stage that leaves a trial after its enrolment, and the effect that it has on the trial's readout."""
    trials = [n for n, s in stages.items() if "design" in s and "repeat" not in s]
    if not trials:
        return None
    chosen = dice.pick(trials)
    stage: Stage = {"kind": "work", "after": [f"{chosen}.enrolment.done"], "duration": dice.pick(SHORT)}
    return stage, {"if": f"{name}.done", "on": f"{chosen}.success", "odds": dice.pick((0.2, 5))}


# --- Documents --------------------------------------------------------------------------------------------------------


def make_stage(dice: Dice, stages: dict[str, Stage]) -> Stage:
    stage = dice.pick(MAKERS)(dice)
    if stages and dice.chance(0.85):
        stage["after"] = join(dice, stages)
    if stages and dice.chance(0.25):
        stage["if"] = condition(dice, stages)
    return stage | dice.maybe(0.08, "enabled", False)


def make_effects(dice: Dice, stages: dict[str, Stage]) -> dict[str, Stage]:
    sets: set[str] = set()
    made = [effect(dice, stages, sets) for _ in range(dice.pick((0, 1, 2, 3, 4)))]
    names = dice.some(("e1", "e2", "e3", "e4", "e10"), 5)
    return {name: one for name, one in zip(names, made, strict=False) if one is not None}


def make_pace(dice: Dice, stages: dict[str, Stage]) -> Stage | None:
    """Return a pace for some of the stages that have work of the sponsor."""
    names = [n for n, s in stages.items() if s["kind"] in ("work", "trial") or "prepare" in s or "again" in s]
    if not names or not dice.chance(0.2):
        return None
    return {"sd_log": 0.3, "on": dice.some(names, 4)} | dice.maybe(0.5, "level", 1.25)


def make_milestones(dice: Dice, stages: dict[str, Stage]) -> dict[str, Any]:
    name = list(stages)[-1]
    end = dice.pick(facts(name, stages[name]))
    milestones = {f"m{i}": join(dice, stages) for i in range(dice.pick((1, 2, 3)))}
    return milestones | {"arrival": end if dice.chance(0.6) else join(dice, stages)}


def random_pathway(k: int) -> dict[str, Any]:
    """Return scenario document number k: 5 to 14 stages, the same for the same k on every machine."""
    dice = Dice(k)
    names = dice.some(NAMES, 5 + dice.below(10))
    stages: dict[str, Stage] = {}
    for name in names[:-1]:
        stages[name] = make_stage(dice, stages)
    effects = make_effects(dice, stages)
    side = side_track(dice, stages, names[-1]) if dice.chance(0.5) else None
    if side is None:
        stages[names[-1]] = make_stage(dice, stages)
    else:
        stages[names[-1]], effects["side"] = side
    document: dict[str, Any] = {
        "format": 1,
        "name": f"random-{k}",
        "title": f"Random pathway {k}",
        "as_of": dice.as_of,
        "horizon": dice.pick(YEARS if dice.ruled else HORIZONS),
        "stages": stages,
        "milestones": make_milestones(dice, stages),
        "goal": "arrival",
    }
    document |= {"effects": effects} if effects else {}
    pace = make_pace(dice, stages)
    document |= {"pace": pace} if pace else {}
    later = [n for n, s in stages.items() if "after" in s and s.get("enabled", True)]
    if later and dice.chance(0.12):
        document["start"] = {"stage": dice.pick(later)}
    return document


def pathways() -> st.SearchStrategy[dict[str, Any]]:
    """Return a Hypothesis strategy of random documents; an example prints as `random_pathway(k=…)`."""
    return st.builds(random_pathway, k=st.integers(0, 2**32 - 1))
