"""Options that several commands share, and where the data directory is."""

from pathlib import Path

import click

from bakewatch.config import Settings, load
from bakewatch.errors import ConfigError

config_option = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path),
    default=Path("bakewatch.toml"),
    show_default=True,
    help="The plan and the settings.",
)
data_option = click.option(
    "--data", type=click.Path(path_type=Path), default=None, help="The data directory. [default: as --config says]"
)


def data_dir(config: Path, settings: Settings) -> Path:
    """The data directory of *settings*, relative to the file that they stand in."""
    return (config.absolute().parent / settings.data).resolve()


def find_data(data: Path | None, config: Path) -> Path:
    """The data directory for commands that only read: *data*, or what the file says."""
    if data is not None:
        if not data.is_dir():
            raise ConfigError("no such directory", where=str(data), right="the data directory of a bake")
        return data.resolve()
    settings, _ = load(config)
    return data_dir(config, settings)
