"""The files of `seed_content/`, read as they are. What they mean is `seed`'s to say."""

import tomllib
from pathlib import Path
from typing import Any

from laurel.settings import SettingsError, root

FOLDER = root() / "seed_content"


def read_toml(file: Path) -> dict[str, Any]:
    """Raises SettingsError that names the file."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file.relative_to(FOLDER)}: {error}") from error


def read_markdown(file: Path) -> tuple[dict[str, Any], str]:
    """TOML front matter between `+++` lines, and the Markdown after it. Raises ValueError for what is not that."""
    _, front, body = file.read_text(encoding="utf-8").split("+++\n", 2)
    return tomllib.loads(front), body.strip() + "\n"


def read_people() -> list[dict[str, str]]:
    """The demo people: email, name, role."""
    people: list[dict[str, str]] = read_toml(FOLDER / "people.toml")["people"]
    return people
