"""The command line: every registered command, generated from its signature and docstring."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.commandline import add_parameters, report_errors, speak_to_any_terminal
from core.files import check_writable, json_text
from core.registry import COMMANDS

FOLDERS, FILES = ("out", "save"), ("csv", "report")
"""Options of any command that name what it writes. Where `out` is a file, the command is registered with `file`."""


def build_parser() -> argparse.ArgumentParser:
    """One subcommand per registered command."""
    parser = argparse.ArgumentParser(prog="python -m core", description="Memorability Lab on the command line.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for entry in COMMANDS:
        sub = commands.add_parser(entry.id, help=entry.label, description=entry.help)
        add_parameters(sub, entry.function)
        if not entry.facts.get("streams"):
            sub.add_argument("--json", action="store_true", help="answer in JSON")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 done, 1 done but for what was reported, 2 refused."""
    speak_to_any_terminal()
    try:
        parser = build_parser()
    except ModuleNotFoundError as error:  # the commands use packages that may not be installed
        return incomplete(error)
    given = vars(parser.parse_args(arguments))
    entry = COMMANDS[given.pop("command")]
    as_json = given.pop("json", False) if not entry.facts.get("streams") else False
    with report_errors() as outcome:
        for name in (*FOLDERS, *FILES):
            if given.get(name) and not given.get("show"):  # `show` reads there instead
                in_folder = name in FOLDERS and not (name == "out" and entry.facts.get("file"))
                check_writable(Path(given[name]), folder=in_folder)
        report = entry.function(*[given.pop(name) for name in positionals(entry.function)], **given)
        print_report = json_text(report.data) if as_json else "\n".join(report.lines)
        if print_report:
            print(print_report, flush=True)
        outcome.code = report.code
    return outcome.code


def incomplete(error: ModuleNotFoundError) -> int:
    """Say what is missing where not even the commands can be listed, and that this is refused."""
    from core.commands.doctor import examine

    if (error.name or "core").partition(".")[0] in ("core", "ui"):
        raise error
    print("\n".join(str(item) for item in examine() if item.needed and not item.there), file=sys.stderr)
    print(f"error: the package {error.name} is not installed; run: pip install -r requirements.txt", file=sys.stderr)
    return 2


def positionals(function: object) -> list[str]:
    """Names of a command's positional parameters."""
    import inspect

    parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return [item.name for item in parameters if item.kind is not inspect.Parameter.KEYWORD_ONLY]


if __name__ == "__main__":
    sys.exit(main())
