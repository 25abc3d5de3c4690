"""Registered entries and their parameters as widgets; ranges, choices and defaults come from the registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from core.registry import Choice, Entry, Param, Range
from ui import layout

Value = TypeVar("Value")


def choose(
    label: str, entries: Iterable[Any], key: str, *, default: str | None = None, in_address: bool = False
) -> str:
    """Let the user pick an entry by label; returns its id, which the address carries under `key` with `in_address`.

    Nothing is drawn where there is no choice; an unknown id in the address is said, and the default taken.
    """
    labels = {entry.id: entry.label for entry in entries}
    ids = list(labels)
    asked = st.query_params.get(key, default) if in_address else default
    if asked is not None and asked not in labels:
        layout.problem(f"There is no {label.lower()} called {asked!r}; choose from {', '.join(ids)}.")
        asked = default
    if len(ids) == 1:
        return ids[0]
    wanted = asked if asked in labels else ids[0]
    shown = st.session_state.get(key, wanted)
    if shown not in labels or (in_address and shown != wanted):  # the browser's Back changes the address alone
        st.session_state[key] = wanted
    return st.selectbox(
        label,
        ids,
        index=ids.index(wanted),
        format_func=labels.__getitem__,
        key=key,
        on_change=_write_address if in_address else None,
        args=(key,),
        persist_state=None if in_address else "session",
    )


def select(
    label: str, options: Sequence[str], key: str, *, default: str | None = None, words: Mapping[str, str] | None = None
) -> str:
    """Let the user pick one of some names; the address carries it under `key`, and an unknown one there is passed over.

    `words` are what the user reads in place of the names.

    Streamlit's own `bind` would do it, but takes all of the address away when another page is opened, so that the
    browser's Back leads to a page without its settings.
    """
    wanted = _from_address(key, {name: name for name in options}, default or options[0])
    said = words or {}
    return st.selectbox(
        label, options, list(options).index(wanted), format_func=lambda name: said.get(name, name), key=key,
        on_change=_write_address, args=(key,),
    )  # fmt: skip


def segments(label: str, options: Sequence[str], key: str) -> str:
    """The same as buttons in a row, the first one by default."""
    wanted = _from_address(key, {name: name for name in options}, options[0])
    return st.segmented_control(
        label, options, default=wanted, required=True, key=key, on_change=_write_address, args=(key,)
    )


def toggle(label: str, key: str) -> bool:
    """A switch that is off unless the address says `key=true`."""
    wanted = _from_address(key, {"false": False, "true": True}, "false")
    return st.toggle(label, wanted, key=key, on_change=_write_address, args=(key,))


def _from_address(key: str, values: Mapping[str, Value], default: str) -> Value:
    """The value of the word in the address, which the widget follows: the browser's Back changes the address alone."""
    wanted = values.get(st.query_params.get(key, default), values[default])
    if st.session_state.get(key, wanted) != wanted:
        st.session_state[key] = wanted
    return wanted


def choose_some(
    label: str, entries: Iterable[Any], key: str, *, default: Sequence[str], help_text: str
) -> tuple[str, ...]:
    """Let the user pick any number of entries by label; returns their ids, which the address carries under `key`.

    Unknown ids in the address are said and left out.
    """
    labels = {entry.id: entry.label for entry in entries}
    asked = [name for name in st.query_params.get(key, ",".join(default)).split(",") if name]
    if unknown := [name for name in asked if name not in labels]:
        layout.problem(f"There is no {unknown[0]!r} among the {label.lower()}; choose from {', '.join(labels)}.")
    return tuple(
        st.multiselect(
            label,
            list(labels),
            [name for name in asked if name in labels],
            format_func=labels.__getitem__,
            key=key,
            help=help_text,
            on_change=_write_all_to_address,
            args=(key,),
        )
    )


def _write_all_to_address(key: str) -> None:
    st.query_params[key] = ",".join(st.session_state[key])


def _write_address(key: str) -> None:
    value = st.session_state[key]
    st.query_params[key] = str(value).lower() if isinstance(value, bool) else value


def parameters(entry: Entry[Any], key: str) -> dict[str, Any]:
    """One widget for each parameter of an entry; returns the values by name."""
    return {param.name: parameter(entry, param, f"{key}-{entry.id}-{param.name}") for param in entry.params}


def parameter(entry: Entry[Any], param: Param, key: str) -> Any:
    """The widget that fits a parameter's kind and limits, with what its entry says of it."""
    label, about = param.name.replace("_", " ").capitalize(), entry.about(param.name) or None
    match param.limits:
        case Range(low, high, step):
            kind = param.kind
            form = _format(step)
            return st.slider(
                label, kind(low), kind(high), kind(param.default), kind(step), form,
                key=key, help=about, persist_state="session",
            )  # fmt: skip
        case Choice(options):
            first = options.index(param.default)
            return st.selectbox(label, options, index=first, key=key, help=about, persist_state="session")
    if param.kind is bool:
        return st.toggle(label, param.default, key=key, help=about, persist_state="session")
    return param.kind(st.text_input(label, str(param.default), key=key, help=about, persist_state="session"))


def _format(step: float) -> str:
    """As many decimals as the step has, so that a slider shows the value that it returns."""
    decimals = len(f"{step:f}".rstrip("0").split(".")[1])
    return f"%.{decimals}f" if decimals else "%d"
