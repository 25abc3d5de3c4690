"""What visitors may have a server do: read from one file, `limits.toml` in the project's folder."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from core import config
from core.errors import StudyError

FILE = "limits.toml"


@dataclass(frozen=True)
class Limits:
    """The limits of the page that runs studies; what each means stands in the file.

    `places` are absolute, with all links resolved.
    """

    places: tuple[Path, ...]
    uploads: bool
    photos: int
    megabytes: int
    queue: int
    long: bool
    public: bool

    def place(self, given: str) -> str:
        """A path that a visitor gave, resolved; StudyError unless it is a listed place or lies inside one."""
        wanted = (config.ROOT / Path(given).expanduser()).resolve()
        if not any(wanted == place or place in wanted.parents for place in self.places):
            listed = ", ".join(map(str, self.places)) or "none is listed"
            raise StudyError(f"{given}: this place may not be read here; choose one that {FILE} lists ({listed}).")
        return str(wanted)


def read_limits(file: Path | None = None) -> Limits:
    """The limits in a file; StudyError where it is missing, or a limit in it is missing, unknown or of another kind."""
    file = file or config.ROOT / FILE
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))["studies"]
        values = {item.name: _checked(item.name, found.pop(item.name)) for item in fields(Limits)}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StudyError(f"{file} cannot be read ({error}); see docs/deploy.md for what it holds.") from error
    except KeyError as error:
        raise StudyError(f"{file} lacks {error}; see docs/deploy.md for what it holds.") from error
    if found:
        raise StudyError(f"{file}: {next(iter(found))} is not a limit; the limits: {', '.join(values)} and places.")
    return Limits(**values)


def _checked(name: str, value: Any) -> Any:
    if name == "places":
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ValueError("places is a list of paths")
        return tuple((config.ROOT / Path(item).expanduser()).resolve() for item in value)
    kind = bool if name in ("uploads", "long", "public") else int
    if type(value) is not kind or (kind is int and value < 0):
        raise ValueError(f"{name} is {value!r}")
    return value
