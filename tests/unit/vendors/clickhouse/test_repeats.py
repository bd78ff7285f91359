"""A line counts once, wherever it stands, and no line is lost for looking like another."""

from typing import Any

from bakewatch.vendors.clickhouse.repeats import fresh

AT = "2026-02-07 02:46:18.215000"


def row(given: str, message: str = "hit", at: str = AT, source: str = "edge_logs") -> dict[str, Any]:
    return {"id": given, "timestamp": at, "source": source, "event_message": message}


class Table:
    """Holds what is loaded; remembers what it was asked."""

    def __init__(self, *keys: str) -> None:
        self.keys, self.asked = keys, list[str]()

    def __call__(self, sql: str) -> dict[str, Any]:
        self.asked.append(sql)
        return {"keys": list(self.keys)}


def test_the_same_line_is_new_only_once() -> None:
    one, other = row("a"), row("b")
    assert fresh([one, other, row("a")], Table()) == [one, other]


def test_lines_that_share_only_their_id_are_all_new() -> None:
    rows = [row("a"), row("a", "miss"), row("a", at="2026-02-07 02:46:18.215001"), row("a", source="auth_logs")]
    assert fresh(rows, Table()) == rows


def test_a_line_without_an_id_is_new_and_the_table_is_not_asked() -> None:
    table = Table()
    assert len(fresh([row(""), row("")], table)) == 2
    assert table.asked == []


def test_what_is_in_the_table_is_not_new() -> None:
    table = Table(f"edge_logs {AT} 1523721793 a")  # CRC32('hit')
    assert fresh([row("a"), row("b")], table) == [row("b")]


def test_only_the_slots_of_the_lines_are_read() -> None:
    table = Table()
    fresh([row("a"), row("b", at="2026-02-09 02:46:11.000000")], table)
    [sql] = table.asked
    assert "source IN ('edge_logs')" in sql
    assert "IN (toDateTime('2026-02-07 02:46:10', 'UTC'), toDateTime('2026-02-09 02:46:10', 'UTC'))" in sql


def test_a_long_piece_is_looked_up_in_parts() -> None:
    table = Table()
    rows = [
        row(str(number), at=f"2026-02-07 {number // 360:02}:{number // 6 % 60:02}:{number % 6}0")
        for number in range(4500)
    ]
    assert fresh(rows, table) == rows
    assert len(table.asked) == 3
