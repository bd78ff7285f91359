"""Packs: taken into a plan when it is read, by name and source, less what is left out, behind what the plan says."""

import json
from pathlib import Path

import msgspec
import pytest

from bakewatch import packs
from bakewatch.config import json_schema, load, load_plan
from bakewatch.errors import ConfigError
from bakewatch.model.plan import Plan

SERVICE = '[service]\nname = "shop"\n'
LOGS = {"logs": {"kind": "chdb"}, "database": {"kind": "postgres"}}
TWO = {**LOGS, "hosted": {"kind": "supabase"}}


def planned(text: str, sources: packs.Sources = LOGS) -> Plan:
    return load_plan(f"{SERVICE}{text}".encode(), "bakewatch.toml", sources)


def wrong(text: str, sources: packs.Sources = LOGS) -> str:
    with pytest.raises(ConfigError) as error:
        planned(text, sources)
    return str(error.value)


def test_a_pack_brings_streams_checks_criteria_and_triggers_of_the_source_that_fits() -> None:
    plan, pack = planned('[[packs]]\npack = "supabase"\n'), packs.read("supabase")
    assert {stream.source for stream in plan.streams.values()} == {"logs"}
    assert (plan.checks, plan.criteria, plan.triggers) == (pack.checks, pack.criteria, pack.triggers)
    hosted = planned('[[packs]]\npack = "supabase"\nsource = "hosted"\n', TWO)
    assert {stream.source for stream in hosted.streams.values()} == {"hosted"}


def test_packs_stand_beside_each_other_and_behind_what_the_plan_has() -> None:
    own = '[streams.shop]\nsource = "logs"\n'
    own += '[[checks]]\nname = "orders"\nstream = "shop"\nrule = "volume"\nwhere = "true"\n'
    plan = planned(f'{own}[[packs]]\npack = "vercel"\n[[packs]]\npack = "supabase"\n')
    named = [check.name for check in plan.checks]
    assert named[0] == "orders" and len(named) == 1 + sum(len(packs.read(name).checks) for name in packs.names())
    assert list(plan.streams)[:2] == ["shop", "vercel_logs"]


def test_names_of_packs_are_their_own() -> None:
    """Otherwise one pack would be taken for the plan's own word about another."""
    for kind in ("checks", "triggers", "streams", "criteria"):
        parts = [getattr(packs.read(name), kind) for name in packs.names()]
        named = [getattr(one, "id", getattr(one, "name", one)) for some in parts for one in some]
        assert len(named) == len(set(named))


def test_what_the_plan_says_wins() -> None:
    text = """
    [streams.auth_logs]
    source = "logs"
    canary = "log_attributes['path'] = '/mine'"
    [[checks]]
    name = "auth-rate-limited"
    stream = "auth_logs"
    rule = "zero"
    where = "toInt32OrZero(log_attributes['status']) = 429"
    [[triggers]]
    name = "supabase-broken"
    any = ["check:db-schema-errors"]
    [[packs]]
    pack = "supabase"
    """
    plan = planned(text)
    assert plan.check("auth-rate-limited").rule == "zero"
    assert plan.streams["auth_logs"].canary.endswith("'/mine'")
    assert [one.any for one in plan.triggers if one.name == "supabase-broken"] == [("check:db-schema-errors",)]
    assert len(plan.checks) == len(packs.read("supabase").checks)


def test_what_is_left_out_is_gone_everywhere_and_no_trigger_demands_less_for_it() -> None:
    left = '[[packs]]\npack = "supabase"\nleave_out = ["db-new-errors", "api-calls-per-person"]\n'
    plan = planned(left)
    assert not {"db-new-errors", "api-calls-per-person"} & {check.name for check in plan.checks}
    assert plan.check("api-conflicts").amplification == ""
    assert [(one.name, one.any) for one in plan.triggers] == [("supabase-broken", ("check:db-schema-errors",))]
    none = planned('[[packs]]\npack = "supabase"\nleave_out = ["supabase-broken", "supabase-retry-storm"]\n')
    assert (none.triggers, len(none.checks)) == ((), len(packs.read("supabase").checks))
    every = ", ".join(f'"{check.name}"' for check in packs.read("vercel").checks)
    nothing = planned(f'[[packs]]\npack = "vercel"\nleave_out = [{every}]\n')
    assert (nothing.checks, nothing.criteria, nothing.triggers) == ((), (), ())


KINDS = "of kind supabase or chdb"


@pytest.mark.parametrize(
    ("text", "sources", "told"),
    [
        ('pack = "supabse"', LOGS, "packs[0].pack: no pack `supabse` (one of: supabase, vercel)"),
        ('source = "logs"', LOGS, "packs[0]: Object missing required field `pack`"),
        (
            'pack = "vercel"\nsorce = "x"',
            LOGS,
            "packs[0]: Object contains unknown field `sorce` (known keys: leave_out, pack, source)",
        ),
        (
            'pack = "vercel"\nleave_out = ["vercel-crash"]',
            LOGS,
            "packs[0].leave_out: the pack `vercel` has no check or trigger `vercel-crash` (one of: vercel-crashes",
        ),
        (
            'pack = "vercel"',
            {},
            'packs[0].source: no source of kind chdb ([sources.NAME] with kind = "chdb")',
        ),
        ('pack = "supabase"', TWO, f"packs[0].source: more than one source {KINDS} (one of: logs, hosted)"),
        (
            'pack = "supabase"\nsource = "database"',
            TWO,
            f"packs[0].source: no source `database` {KINDS} (one of: logs, hosted)",
        ),
        ('pack = "vercel"\n[[packs]]\npack = "vercel"', LOGS, "packs[1].pack: `vercel` is there twice"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, sources: packs.Sources, told: str) -> None:
    assert wrong(f"[[packs]]\n{text}\n", sources).startswith(f"bakewatch.toml: {told}")


def test_what_does_not_fit_together_is_named_as_it_lies() -> None:
    stream = '[streams.edge_logs]\nsource = "logs"\n[[packs]]\npack = "supabase"\n'
    assert wrong(stream).startswith(
        "bakewatch.toml: packs: checks.api-schema-errors.stream: `distinct` needs the `actor`"
    )
    trigger = '[[triggers]]\nname = "mine"\nany = ["check:api-slwo"]\n[[packs]]\npack = "supabase"\n'
    assert wrong(trigger).startswith("bakewatch.toml: triggers[0]: no check `api-slwo`")


def test_the_operators_sources_answer_for_the_plan_of_another_copy(tmp_path: Path) -> None:
    """The plan of the release's parent says which pack; where the logs are, the operator says."""
    file = tmp_path / "bakewatch.toml"
    file.write_text(
        f'{SERVICE}[repository]\nremote = "x"\n[platform]\nkind = "endpoint"\naddresses = ["http://127.0.0.1:1"]\n'
        '[sources.mine]\nkind = "chdb"\nfiles = ["x"]\n[[packs]]\npack = "vercel"\n'
    )
    settings, plan = load(file)
    assert plan.streams["vercel_logs"].source == "mine"
    theirs = b'[service]\nname = "shop"\n[sources.old]\nkind = "chdb"\n[[packs]]\npack = "vercel"\n'
    assert load_plan(theirs, "theirs", settings.sources).streams["vercel_logs"].source == "mine"


def test_what_is_recorded_is_the_whole_plan() -> None:
    plan = planned('[[packs]]\npack = "supabase"\n')
    recorded = json.loads(msgspec.json.encode(plan))
    assert "packs" not in recorded and len(recorded["checks"]) == len(plan.checks)
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


def test_the_schema_knows_packs() -> None:
    schema = json_schema()
    assert set(schema["$defs"]["Use"]["properties"]) == {"pack", "source", "leave_out"}
    assert schema["properties"]["packs"]["items"]["$ref"] == "#/$defs/Use"


@pytest.mark.parametrize("name", packs.names())
def test_everything_of_a_pack_has_words_in_both_languages(name: str) -> None:
    pack = packs.read(name)
    said = [one.title for one in pack.checks] + [one.title for one in pack.triggers]
    said += [words for one in pack.criteria for words in (one.title, one.item)]
    said += [table[key] for table in pack.streams.values() for key in ("title", "looked")]
    assert all(isinstance(words, dict) and set(words) == {"en", "ko"} and all(words.values()) for words in said)


@pytest.mark.parametrize("name", packs.names())
def test_a_check_belongs_to_the_criterion_that_lists_it(name: str) -> None:
    pack = packs.read(name)
    listed = [(check, one.id) for one in pack.criteria for check in one.checks]
    assert sorted(listed) == sorted((check.name, check.criterion) for check in pack.checks)


@pytest.mark.parametrize("name", packs.names())
def test_a_pack_is_careful_with_a_service_that_it_does_not_know(name: str) -> None:
    """What an outsider can provoke only asks, no check undoes anything alone, what is unproven is not required."""
    pack = packs.read(name)
    required = {check.name: check.required for check in pack.checks}
    assert all(check.public for check in pack.checks)
    for trigger in pack.triggers:
        assert trigger.all and trigger.any
        assert all(required[item.removeprefix("check:")] is not None for item in trigger.names)
    for check in pack.checks:
        if any("canary" not in pack.streams[stream] for stream in (check.stream, check.of_stream or check.stream)):
            assert check.required is False
