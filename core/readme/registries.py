"""A table of everything registered in one registry."""

from __future__ import annotations

from core.registry import COMMANDS, Registry


def registry_table(registry: Registry) -> str:
    """A row per entry: id, label, first sentence of the help text, and parameters with their defaults."""
    rows = [f"| {registry.noun} | what it is |", "|---|---|"]
    for entry in registry:
        sentence = entry.help.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        settings = ", ".join(f"{param.name} = {param.default}" for param in entry.params)
        rows.append(f"| `{entry.id}` | {sentence}{f' ({settings})' if settings and registry is not COMMANDS else ''} |")
    return "\n".join(rows)
