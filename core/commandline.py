"""What every command shares: settings read from signatures, progress on standard error, errors in one line."""

from __future__ import annotations

import argparse
import inspect
import io
import os
import sys
import types
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from core.errors import LabError


@dataclass
class Outcome:
    """Exit code of a command: 0 done, 1 done but for what was reported, 2 refused."""

    code: int = 0


def speak_to_any_terminal() -> None:
    """Let a character that the terminal's encoding lacks be escaped, not be an error: ρ on a plain ASCII terminal."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def report_errors() -> Iterator[Outcome]:
    """Turn a LabError, or a refusal by the system, into one line on standard error and exit code 2.

    A reader that leaves early ends it quietly.
    """
    outcome = Outcome()
    try:
        yield outcome
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        outcome.code = 2
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        outcome.code = 130
    except BrokenPipeError:
        # Whoever read the answer has enough of it (`| head`); the interpreter must not flush the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        outcome.code = 141
    except OSError as error:  # no permission, a full disk: whatever file it was
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}the system refuses ({error.strerror or error}); look at this place.", file=sys.stderr)
        outcome.code = 2


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
        hint = hints[item.name]
        kind, note = get_args(hint)[:2] if get_origin(hint) is Annotated else (hint, "")
        default = "" if item.default in (MISSING, "", None, ()) else f" (default: {item.default})"
        option = f"--{item.name.replace('_', '-')}"
        if kind is bool:
            parser.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=note)
        elif get_origin(kind) is tuple:
            parser.add_argument(option, nargs="+", default=None, help=note + default)
        else:
            parser.add_argument(option, type=_type(item.name, kind), default=None, help=note + default, action=_Text)


def add_parameters(parser: argparse.ArgumentParser, function: Callable[..., Any]) -> None:
    """Add a function's positional parameters as arguments and its keyword-only ones as options."""
    hints = get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        kind, note = get_args(hints[name])[:2]
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            _add_option(parser, name, kind, note, parameter.default)
        elif get_origin(kind) is tuple:
            parser.add_argument(name, nargs="*", default=parameter.default, metavar=name.rstrip("s").upper(), help=note)
        elif get_origin(kind) is list:
            parser.add_argument(name, nargs="+", metavar=name.rstrip("s").upper(), help=note)
        elif parameter.default is inspect.Parameter.empty:
            parser.add_argument(name, help=note)
        else:
            parser.add_argument(name, nargs="?", default=parameter.default, help=note)


def _add_option(parser: argparse.ArgumentParser, name: str, kind: Any, note: str, default: Any) -> None:
    option = f"--{name.replace('_', '-')}"
    if kind is bool:
        parser.add_argument(option, action="store_true", help=note)
        return
    if get_origin(kind) is tuple:
        parser.add_argument(option, nargs="+", default=default, help=note)
        return
    shown = "" if default in ("", None) else f" (default: {default})"
    parser.add_argument(option, type=_type(name, kind), default=default, help=note + shown, action=_Text)


def counter(what: str) -> Callable[[int, int], None]:
    """A progress function (done, total) on standard error."""
    from tqdm import tqdm

    bar: Any = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:  # nothing is shown of work that never begins
            bar = tqdm(desc=what, file=sys.stderr, mininterval=1.0 if sys.stderr.isatty() else 30.0)
        bar.total = total or None
        bar.update(done - bar.n)
        if total and done >= total:
            bar.close()

    return show


def _type(name: str, kind: Any) -> Callable[[str], Any]:
    """What reads an option's text; seeds are never negative, which the generators of random numbers refuse."""
    return _seed if name.endswith("seed") else _plain(kind)


class _Text(argparse.Action):
    """An option with a text. A script whose variable was never set gives an empty one, which would count as none."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: Any = None) -> None:
        if isinstance(values, str) and not values.strip():
            raise argparse.ArgumentError(self, "it is empty; name something, or leave the option out")
        setattr(namespace, self.dest, values)


def _seed(text: str) -> int:
    if int(text) < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative; a seed is 0 or more")
    return int(text)


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
