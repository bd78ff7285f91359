"""Releases that never came to a verdict are inherited by the next one, and undone with it, on a real remote."""

from bakewatch.app import Earlier, _unfinished
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.release import find_release, undoes
from bakewatch.vendors.git.repository import undone_by
from bakewatch.vendors.git.suspects import inherited
from tests.contract.remotes import Team
from tests.contract.test_git_revert import _revert as revert_of


def test_a_release_over_an_unfinished_one_is_undone_with_it(team: Team, mirror: Mirror) -> None:
    base = team.show("app.txt")
    first = find_release(mirror, commit=team.merge(1, {"app.txt": "one\ntwo\nTHREE\n"}))
    second = find_release(mirror, commit=team.merge(2, {"other.txt": "new\n"}))
    both = inherited(mirror, second, [first])
    assert ([one.bake_id for one in both.suspects], both.parent) == ([first.bake_id], first.parent)
    assert both.pulls == (1, 2)
    done = revert_of(mirror).roll_back(both)
    assert not done.problem
    assert team.show("app.txt") == base
    assert {value for _, value in undoes(mirror, ["-1", done.commit])} == {first.bake_id, second.bake_id}
    mirror.fetch()
    assert undone_by(mirror, first) == undone_by(mirror, second) == done.commit


def test_a_third_release_inherits_what_the_second_had_inherited(team: Team, mirror: Mirror) -> None:
    first, second, third = (find_release(mirror, commit=team.merge(one, {f"{one}.txt": "x"})) for one in (1, 2, 3))
    second = inherited(mirror, second, [first])
    both = inherited(mirror, third, [second, first])
    assert [one.bake_id for one in both.suspects] == [first.bake_id, second.bake_id]
    assert both.parent == first.parent


def test_what_was_undone_or_came_later_or_is_the_release_itself_is_not_inherited(team: Team, mirror: Mirror) -> None:
    first = find_release(mirror, commit=team.merge(1, {"1.txt": "x"}))
    revert_of(mirror).roll_back(first)
    team.pull()
    second = find_release(mirror, commit=team.merge(2, {"2.txt": "x"}))
    third = find_release(mirror, commit=team.merge(3, {"3.txt": "x"}))
    assert inherited(mirror, second, [first, second, third]) == second


def test_whoever_passed_since_leaves_nobody_in_doubt(team: Team, mirror: Mirror) -> None:
    first, second, third = (find_release(mirror, commit=team.merge(one, {f"{one}.txt": "x"})) for one in (1, 2, 3))
    unfinished = Earlier(release=first, passed=False, unfinished=True)
    passed = Earlier(release=second, passed=True, unfinished=False)
    assert _unfinished(mirror, third, [unfinished]) == [first]
    assert _unfinished(mirror, third, [unfinished, passed]) == []
    assert _unfinished(mirror, first, [unfinished, passed]) == []
