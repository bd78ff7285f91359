"""The command line's last line: one clear line, and nothing in it that acts on a terminal."""

import sys
from pathlib import Path

import pytest

from bakewatch.cli.main import main


def test_what_a_plan_says_does_nothing_to_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bakewatch.toml"
    path.write_text('"\\u001b]0;owned\\u0007X\\u202e" = 1\n')
    monkeypatch.setattr(sys, "argv", ["bakewatch", "check", "--config", str(path)])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert (ended.value.code, told.count("\n")) == (2, 1)
    assert not set(told) & {"\x1b", "\x07", "\u202e"}
