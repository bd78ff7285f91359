"""Ten thousand secrets and personal data go in; none of them comes out."""

import json
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.ministack import BRANCH, Stack, running
from tests.e2e.planted import Planted, found, planted

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(400)]
BAKEWATCH = Path(sys.executable).with_name("bakewatch")
NUMBER = 10_000
KEYS = ("request__url", "error", "request__headers__cookie", "parsed__detail", "note")
JOURNEY = '''\
"""Says what it should not."""

import json
from pathlib import Path

SAID = json.loads(Path({path!r}).read_text())


def test_the_live_page_opens(api, expect, observe):
    for place, text in enumerate(SAID[:90]):
        observe(f"fact_{{place}}", text)
        print(text)
    expect(api.get("/live", params={{"q": SAID[90]}}).status_code == 200, f"the live page opens for {{SAID[91]}}")
'''


def test_nothing_that_was_planted_is_in_any_artefact(tmp_path: Path) -> None:
    values = list(planted(NUMBER))
    in_logs, in_journey, in_git = values[:-124], values[-124:-24], values[-24:]
    with running(tmp_path, duration="6m") as stack:
        _plant_journey(stack, in_journey)
        processes = _Processes()
        commit = _merge(stack, in_git)
        for place, one in enumerate(in_logs):
            key = KEYS[place % len(KEYS)]
            stack.log(("edge_logs", "postgres_logs")[place % 2], one.text if place % 3 else "seen", **{key: one.text})
        done = subprocess.run(
            [BAKEWATCH, "verify", "--config", stack.config, "--commit", commit], capture_output=True, text=True
        )
        assert done.returncode in (1, 5), done.stdout + done.stderr
        texts = _artefacts(stack) | {"output": done.stdout + done.stderr, "processes": processes.stop()}
        texts["table"] = _table(stack.data)
        raw = "".join(path.read_text() for path in stack.logs.glob("*.ndjson"))
    assert len(texts["table"]) > NUMBER * 100, "the lines were loaded"
    plain = [one for one in in_logs if json.dumps(one.core)[1:-1] == one.core]
    assert len(found(raw, plain)) == len(plain), "the search finds what is there"
    leaks = Counter((name, one.kind) for name, text in texts.items() for one in found(text, values))
    assert not leaks


def _plant_journey(stack: Stack, said: list[Planted]) -> None:
    path = stack.folder / "said.json"
    path.write_text(json.dumps([one.text for one in said]))
    stack.commit("walk", {"journeys/registrant.py": JOURNEY.format(path=str(path))})
    stack.git("push", "-q", "origin", BRANCH)


def _merge(stack: Stack, said: list[Planted]) -> str:
    """A harmful merge whose title, body and commits name people."""
    stack.git("checkout", "-q", "-B", "pr-1")
    stack.commit("\n\n".join(one.text for one in said[:12]), {"broken": "x\n"})
    stack.git("checkout", "-q", BRANCH)
    title = " ".join(one.text for one in said[12:])
    stack.git("merge", "-q", "--no-ff", "-m", f"Merge pull request #1 from team/{said[0].core}\n\n{title}", "pr-1")
    stack.git("push", "-q", "origin", BRANCH)
    return stack.git("rev-parse", "HEAD")


def _artefacts(stack: Stack) -> dict[str, str]:
    """All that bakewatch wrote or sent. The mirror and the exported journeys are the team's own repository."""
    skipped = {"mirror.git", "plans", "chdb"}
    files = [path for path in stack.data.rglob("*") if path.is_file()]
    kept = [path for path in files if path.relative_to(stack.data).parts[0] not in skipped]
    assert {"bakewatch.sqlite", "report.ko.html", "report.json"} <= {path.name for path in kept}
    told = {str(path.relative_to(stack.data)): path.read_bytes().decode(errors="replace") for path in kept}
    revert = stack.git("log", "-1", "--format=%B", BRANCH, cwd=stack.remote)
    return told | {"notices": stack.notices.read_text(), "revert": revert}


def _table(data: Path) -> str:
    """Every row that was loaded, read by a process of its own."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom bakewatch.vendors.clickhouse.engine import opened\n"
        "rows = opened(Path(sys.argv[1])).query('SELECT * FROM logs', 60, 4 * 10**9)\n"
        "import json\nprint(json.dumps(rows, ensure_ascii=False))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(data / "chdb")], capture_output=True, text=True, check=True
    ).stdout


class _Processes:
    """The command lines of all processes, again and again."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
                # The stack's own git handles what it plants.
                if "bakewatch" in line and "commit -q" not in line and "merge -q" not in line:
                    self._seen.add(line)

    def stop(self) -> str:
        self._stop.set()
        self._thread.join()
        assert self._seen
        return "\n".join(self._seen)
