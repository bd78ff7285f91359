from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import structs

from bakewatch.judge.cure import cured, time_to_show
from bakewatch.judge.rules import weigh
from bakewatch.model.journey import JourneyRun, Walked
from bakewatch.model.plan import Check, Journey, Plan
from bakewatch.model.release import Relation
from tests.unit.judge.bakes import CALLS, ERRORS, ORDERS, START, ZERO, Rate, now, plan, run, since, steady, watch

WALK = Journey(name="registrant", persona="p", file="journeys/registrant.py")
PASSED, FAILED = run("registrant", Walked.PASSED), run("registrant", Walked.FAILED)


class TestCured:
    """The proof: a watch of five minutes that began when the undo was live."""

    def proof(
        self,
        of: Plan,
        rates: dict[str, Rate],
        *culprits: str,
        runs: tuple[JourneyRun, ...] = (),
        late: timedelta = timedelta(0),
        mute: tuple[str, ...] = (),
        gap: Callable[[int, str], str] = lambda number, question: "",
    ) -> tuple[bool, list[str]]:
        """Was it cured, and what stands against it?"""
        past = {"errors": steady(1), "calls": steady(2), "orders": steady(20)}
        whole = watch(
            of,
            rates,
            past=past,
            minutes=5,
            ends=START + timedelta(minutes=5),
            runs=runs,
            late=late,
            mute=mute,
            gap=gap,
        )
        bad = watch(of, {check.name: steady(6) for check in of.checks}, past=past, minutes=4)
        bad = structs.replace(bad, live_since=START - timedelta(minutes=4))
        well, reasons = cured(whole, bad, culprits, weigh(whole, now(whole)))
        return well, [reason.code for reason in reasons]

    def test_a_signature_that_is_gone_is_cured(self) -> None:
        assert self.proof(plan(ZERO), {}, "check:column") == (True, [])

    def test_a_signature_that_comes_again_is_not(self) -> None:
        assert self.proof(plan(ZERO), {"column": since(3, 1)}, "check:column") == (False, ["seen_again"])

    def test_silence_of_a_blind_stream_is_no_proof(self) -> None:
        assert self.proof(plan(ZERO), {}, "check:column", mute=("postgres",)) == (False, ["not_seen"])

    def test_silence_of_a_dead_source_is_no_proof(self) -> None:
        assert self.proof(plan(ZERO), {}, "check:column", gap=lambda *_: "unreachable") == (False, ["not_seen"])

    def test_late_lines_are_waited_for_not_held_against_it(self) -> None:
        assert self.proof(plan(ZERO), {}, "check:column", late=timedelta(seconds=80)) == (True, [])

    @pytest.mark.parametrize(
        ("check", "well", "ill"),
        [(ERRORS, steady(1), steady(9)), (CALLS, steady(2), steady(20)), (ORDERS, steady(20), steady(1))],
    )
    def test_a_rate_must_be_back_near_its_baseline(self, check: Check, well: Rate, ill: Rate) -> None:
        name = f"check:{check.name}"
        assert self.proof(plan(check), {check.name: well}, name) == (True, [])
        assert self.proof(plan(check), {check.name: ill}, name)[0] is False

    def test_a_rate_that_is_still_high_but_weighs_little_is_not_back(self) -> None:
        bursts = since(4, 0, before=0)
        assert self.proof(plan(ERRORS), {"errors": bursts}, "check:errors") == (True, [])
        strict = structs.replace(ERRORS, minimum_extra=10_000)
        assert self.proof(plan(strict), {"errors": steady(9)}, "check:errors") == (False, ["not_back"])

    def test_a_journey_must_be_seen_to_pass(self) -> None:
        of = plan(journeys=(WALK,))
        assert self.proof(of, {}, "journey:registrant", runs=(PASSED,)) == (True, [])
        assert self.proof(of, {}, "journey:registrant", runs=(FAILED,)) == (False, ["journey_failed"])
        assert self.proof(of, {}, "journey:registrant") == (False, ["journey_unwalked"])

    def test_every_culprit_must_be_well(self) -> None:
        of = plan(ZERO, journeys=(WALK,))
        well, codes = self.proof(of, {"column": steady(1)}, "check:column", "journey:registrant", runs=(FAILED,))
        assert (well, codes) == (False, ["seen_again", "journey_failed"])

    def test_a_fault_that_shows_rarely_needs_a_longer_proof(self) -> None:
        rarely = watch(plan(ZERO), {"column": lambda moment: (int(moment.second == 0 and moment.minute % 5 == 0), 10)})
        until = START + timedelta(minutes=30)
        assert timedelta(minutes=15) < time_to_show(rarely, until, ["check:column"]) < timedelta(minutes=25)
        often = watch(plan(ZERO), {"column": steady(6)})
        assert time_to_show(often, until, ["check:column"]) < timedelta(minutes=1)
        assert time_to_show(often, until, ["journey:registrant"]) == timedelta(0)

    def test_a_proof_in_which_the_fault_had_no_time_to_show_is_none(self) -> None:
        rarely = watch(plan(ZERO), {"column": lambda moment: (int(moment.second == 0 and moment.minute % 5 == 0), 10)})
        short = watch(plan(ZERO), {"column": steady(0, 10)}, minutes=5, ends=START + timedelta(minutes=5))
        well, reasons = cured(short, rarely, ["check:column"], weigh(short, now(short)))
        assert (well, [one.code for one in reasons]) == (False, ["proof_too_short"])

    @pytest.mark.parametrize(
        ("served", "code"), [(Relation.OLDER, "revert_not_live"), (Relation.UNKNOWN, "production_unknown")]
    )
    def test_production_must_have_served_the_undo(self, served: Relation, code: str) -> None:
        bad = watch(plan(ZERO), {"column": steady(6)}, minutes=4)
        whole = watch(plan(ZERO), {}, minutes=5, ends=START + timedelta(minutes=5))
        looks = tuple(
            structs.replace(one, sightings=tuple(structs.replace(seen, relation=served) for seen in one.sightings))
            for one in whole.looks
        )
        whole = structs.replace(whole, looks=looks)
        well, reasons = cured(whole, bad, ["check:column"], weigh(whole, now(whole)))
        assert (well, [one.code for one in reasons]) == (False, [code])
