"""What the service, its database and this process use of the machine."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Used:
    """Memory in MB (resident; of the database without what its processes share) and processor time in cores."""

    service_mb: float
    service_cores: float
    database_mb: float
    database_cores: float
    generator_cores: float


class Usage:
    """Measures from its making to `since()`. *folder*: the stack's, by which its processes are known."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._started = folder, time.perf_counter()
        self._before = self._seconds()

    def since(self) -> Used:
        """What was used meanwhile, and the memory that is held now."""
        took = time.perf_counter() - self._started
        now = self._seconds()
        service, database, own = ((after - before) / took for after, before in zip(now, self._before, strict=True))
        held = sum(one.memory_info().rss for one in self._service())
        base = sum(one.memory_full_info().uss for one in self._database())
        return Used(held / 1e6, service, base / 1e6, database, own)

    def _seconds(self) -> tuple[float, float, float]:
        service, database = sum(map(_spent, self._service())), sum(map(_spent, self._database()))
        return service, database, _spent(psutil.Process())

    def _service(self) -> Iterator[psutil.Process]:
        return (one for one in psutil.Process().children(recursive=True) if "live_event.server" in _line(one))

    def _database(self) -> Iterator[psutil.Process]:
        pid = int((self._folder / "database" / "postmaster.pid").read_text().split()[0])
        server = psutil.Process(pid)
        return iter([server, *server.children()])


def _line(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
