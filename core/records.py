"""Frozen records as plain JSON, and back."""

from __future__ import annotations

import dataclasses
import math
import types
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from core.errors import ArtifactError
from core.files import json_of

R = TypeVar("R")


def as_json(found: Any) -> Any:
    """Records as plain JSON, what is no finite number as null; `record` reads them back."""
    if dataclasses.is_dataclass(found) and not isinstance(found, type):
        return {item.name: as_json(getattr(found, item.name)) for item in dataclasses.fields(found)}
    if isinstance(found, list | tuple):
        return [as_json(item) for item in found]
    if isinstance(found, float):
        return float(found) if math.isfinite(found) else None
    return found


def record(kind: type[R], content: dict[str, Any]) -> R:
    """A record of a kind as `as_json` made it; KeyError, TypeError or ValueError for anything else."""
    hints = get_type_hints(kind)
    fields = [item for item in dataclasses.fields(kind) if item.name in content or item.default is dataclasses.MISSING]  # type: ignore[arg-type]
    try:
        values = {item.name: _value(hints[item.name], content[item.name]) for item in fields}
    except OverflowError as error:  # an infinite number where a whole one is wanted
        raise ValueError(str(error)) from error
    return kind(**values)


def read_record(kind: type[R], file: Path, command: str) -> R | None:
    """A stored record of a kind, or None where there is no file; ArtifactError says which command makes it again."""
    if not file.is_file():
        return None
    try:
        return record(kind, json_of(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"{file} cannot be read ({error}); make it again: python -m core {command}.") from error


def _value(hint: Any, content: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        return None if content is None else _value(options[0], content)
    if get_origin(hint) is tuple:
        kinds = get_args(hint)
        return tuple(_value(kinds[0], item) for item in content)
    if dataclasses.is_dataclass(hint):
        return record(hint, content)  # type: ignore[arg-type]
    if hint is float:
        return math.nan if content is None else float(content)
    return hint(content)
