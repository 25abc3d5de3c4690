"""What every command shares: settings read from signatures, progress on standard error, errors in one line."""

from __future__ import annotations

import argparse
import sys
import types
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from core.errors import LabError


@dataclass
class Outcome:
    """Exit code of a command: 0 done, 1 done but for what was reported, 2 refused."""

    code: int = 0


@contextmanager
def report_errors() -> Iterator[Outcome]:
    """Turn a LabError into one line on standard error and exit code 2."""
    outcome = Outcome()
    try:
        yield outcome
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        outcome.code = 2
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        outcome.code = 130


def progress_bar(items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    """A progress bar on standard error; silent where that is no terminal, but for a line when the work is done."""
    from tqdm import tqdm

    return tqdm(items, total=total, desc=what, file=sys.stderr, mininterval=1.0 if sys.stderr.isatty() else 30.0)


def add_settings(parser: argparse.ArgumentParser, record: type, leave_out: Collection[str] = ()) -> None:
    """Add an option for every field of a dataclass, with its type, note and default."""
    hints = get_type_hints(record, include_extras=True)
    for item in fields(record):
        if item.name in leave_out:
            continue
        kind, note = get_args(hints[item.name]) if get_origin(hints[item.name]) is Annotated else (hints[item.name], "")
        default = "" if item.default in (MISSING, "", None, ()) else f" (default: {item.default})"
        option = f"--{item.name.replace('_', '-')}"
        if kind is bool:
            parser.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=note)
        elif get_origin(kind) is tuple:
            parser.add_argument(option, nargs="+", default=None, help=note + default)
        else:
            parser.add_argument(option, type=_plain(kind), default=None, help=note + default)


def _plain(kind: Any) -> type:
    """The type to parse: `int | None` is int."""
    if get_origin(kind) in (Union, types.UnionType):
        return next(option for option in get_args(kind) if option is not type(None))
    return kind


def chosen_settings(arguments: argparse.Namespace, record: type) -> dict[str, Any]:
    """The settings that were given on the command line; the others keep the recipe's value."""
    given = {item.name: getattr(arguments, item.name, None) for item in fields(record) if item.name != "data"}
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items() if value is not None
    }
