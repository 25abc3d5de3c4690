"""Frozen records as plain JSON, and back: the one door through which stored records come in."""

from __future__ import annotations

import dataclasses
import math
import reprlib
import types
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from core.errors import ArtifactError
from core.files import json_of

R = TypeVar("R")
LONGEST_NAME = 150
"""Bytes of a name that is a part of a file's: most disks take 255."""


def as_json(found: Any) -> Any:
    """Records as plain JSON, what is no finite number as null; `record` reads them back."""
    if dataclasses.is_dataclass(found) and not isinstance(found, type):
        return {item.name: as_json(getattr(found, item.name)) for item in dataclasses.fields(found)}
    if isinstance(found, Mapping):
        return {name: as_json(value) for name, value in found.items()}
    if isinstance(found, list | tuple):
        return [as_json(item) for item in found]
    if isinstance(found, float):
        return float(found) if math.isfinite(found) else None
    return found


def record(kind: Callable[..., R], content: Any, *, only: bool = False) -> R:
    """A record of a kind as `as_json` made it; names that it does not have are passed over, or refused with `only`.

    KeyError where a field without a default is missing; ValueError names a field that is of another kind. Nothing is
    made to fit: a text is no number, a number is no text, and a list is neither.
    """
    if not isinstance(content, Mapping):
        raise _no("record", content)
    values = {}
    if only and (others := sorted(content.keys() - _fields(kind).keys())):
        raise ValueError(f"nothing is called {others[0]!r} in it")
    for name, (read, needed) in _fields(kind).items():
        if name not in content and not needed:
            continue
        try:
            values[name] = read(content[name])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return kind(**values)


def typed(hint: Any, content: Any) -> Any:
    """What JSON holds as the kind that a hint names, such as `Mapping[str, int]`; errors as those of `record`."""
    return _reader(hint)(content)


def read_record(kind: type[R], file: Path, command: str) -> R | None:
    """A stored record of a kind, or None where there is no file; ArtifactError says which command makes it again."""
    if not file.is_file():
        return None
    try:
        return record(kind, json_of(file.read_text(encoding="utf-8")))
    except (OSError, KeyError, ValueError) as error:
        raise ArtifactError(f"{file} cannot be read ({error}); make it again: python -m core {command}.") from error


@cache
def _fields(kind: Any) -> Mapping[str, tuple[Callable[[Any], Any], bool]]:
    """The fields of a record by name: what reads each, and whether it is needed."""
    hints = get_type_hints(kind, include_extras=True)
    none = dataclasses.MISSING
    return {
        item.name: (_reader(hints[item.name]), item.default is none and item.default_factory is none)
        for item in dataclasses.fields(kind)
        if item.init
    }


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """What turns that which JSON holds into a value of a kind; the one place that knows the kinds of fields."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda content: content
    if origin is Annotated:
        return inner[1]
    if hint in _PLAIN:
        return _PLAIN[hint]
    if dataclasses.is_dataclass(hint):
        return partial(record, cast("type", hint))
    if origin in (types.UnionType, Union) and len(inner) == 2 and inner[1] is types.NoneType:
        read = _reader(inner[0])
        return lambda content: None if content is None else read(content)
    if origin is tuple and inner[-1] is Ellipsis:
        return partial(_list, _reader(inner[0]))
    if origin is tuple:
        return partial(_row, tuple(map(_reader, inner)))
    if origin in (dict, Mapping):
        return partial(_table, _reader(inner[1]))
    return partial(_instance, hint)


def _no(wanted: str, content: Any) -> ValueError:
    return ValueError(f"{reprlib.repr(content)} is no {wanted}")


def _float(content: Any) -> float:
    if content is None:
        return math.nan
    if isinstance(content, bool) or not isinstance(content, int | float):
        raise _no("number", content)
    try:
        return float(content)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def _int(content: Any) -> int:
    if isinstance(content, bool) or not isinstance(content, int | float) or content != content // 1:
        raise _no("whole number", content)
    return int(content)


def _instance(kind: type, content: Any) -> Any:
    if not isinstance(content, kind):
        raise _no(kind.__name__, content)
    return content


def _list(read: Callable[[Any], Any], content: Any) -> tuple[Any, ...]:
    if not isinstance(content, list | tuple):
        raise _no("list", content)
    return tuple(map(read, content))


def _row(readers: tuple[Callable[[Any], Any], ...], content: Any) -> tuple[Any, ...]:
    """A list with as many places as there are kinds."""
    if not isinstance(content, list | tuple) or len(content) != len(readers):
        raise _no(f"list of {len(readers)}", content)
    return tuple(read(item) for read, item in zip(readers, content, strict=True))


def _table(read: Callable[[Any], Any], content: Any) -> dict[str, Any]:
    if not isinstance(content, Mapping):
        raise _no("table by name", content)
    return {name: read(value) for name, value in content.items()}


def _text(content: Any) -> str:
    if not isinstance(content, str):
        raise _no("text", content)
    return content


def _file_name(content: Any) -> str:
    name = _text(content)
    try:
        fits = len(name.encode("utf-8")) <= LONGEST_NAME
    except UnicodeEncodeError:
        fits = False
    if not fits or not name.isprintable() or name in ("", ".", "..") or "/" in name or "\\" in name:
        raise _no("name of a file", content)
    return name


FileName = Annotated[str, _file_name]
"""A text that is the name of a file or folder, such as a model's: no path, and nothing that a disk refuses."""


def _bool(content: Any) -> bool:
    if not isinstance(content, bool):
        raise _no("true or false", content)
    return content


_PLAIN: Mapping[Any, Callable[[Any], Any]] = {float: _float, int: _int, str: _text, bool: _bool}
