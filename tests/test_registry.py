"""The contract that every registered function keeps, whichever registry it is in."""

from __future__ import annotations

import keyword
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import registry
from core.errors import ParameterError, UnknownChoiceError
from core.registry import ABLATIONS, Choice, Entry, Param, Range, Registry

REGISTRIES = {name: found for name, found in vars(registry).items() if isinstance(found, Registry)}
ENTRIES = {f"{name}.{entry.id}": entry for name, found in REGISTRIES.items() for entry in found}
PARAMS = {f"{place}.{param.name}": param for place, entry in ENTRIES.items() for param in entry.params}


@pytest.mark.parametrize("name", REGISTRIES)
def test_a_registry_is_not_empty_and_knows_what_it_lists(name: str) -> None:
    found = REGISTRIES[name]
    assert len(found) == len(list(found)) > 0
    for entry in found:
        assert entry.id in found
        assert found[entry.id] is entry
    assert len({entry.label for entry in found}) == len(found), "two entries cannot be told apart in a menu"


@pytest.mark.parametrize("name", REGISTRIES)
def test_an_unknown_id_is_answered_with_the_choices(name: str) -> None:
    with pytest.raises(UnknownChoiceError) as caught:
        REGISTRIES[name]["no_such_thing"]
    assert "no_such_thing" in str(caught.value)
    assert "no_such_thing" not in REGISTRIES[name]
    for entry in REGISTRIES[name]:
        assert entry.id in str(caught.value)


@pytest.mark.parametrize("place", ENTRIES)
def test_an_entry_explains_itself(place: str) -> None:
    entry = ENTRIES[place]
    assert entry.id == entry.function.__name__
    assert entry.id.isidentifier()
    assert not keyword.iskeyword(entry.id)
    assert entry.label.strip() == entry.label != ""
    first = entry.help.split("\n\n")[0]
    assert 20 <= len(first) <= 400
    assert first.rstrip().endswith((".", ")"))


@pytest.mark.parametrize("name", ["ABLATIONS", "FILLS", "ATTRIBUTIONS", "PROJECTIONS"])
def test_what_a_visitor_can_set_is_explained_in_the_help(name: str) -> None:
    """The widget of a parameter shows these words; a seed needs none."""
    for entry in REGISTRIES[name]:
        for param in entry.params:
            assert param.name == "seed" or len(entry.about(param.name)) > 15, f"{entry.id}: {param.name}"
    assert ABLATIONS["blur"].about("sigma") == "Sigma is its standard deviation as a fraction of the short side."


@pytest.mark.parametrize("place", ENTRIES)
def test_an_unknown_parameter_is_answered_with_the_known_ones(place: str) -> None:
    entry = ENTRIES[place]
    with pytest.raises(ParameterError) as caught:
        entry.arguments({"no_such_parameter": 1})
    for name in [param.name for param in entry.params] or ["none"]:
        assert name in str(caught.value)


@pytest.mark.parametrize("place", ENTRIES)
def test_defaults_are_filled_in_and_accepted(place: str) -> None:
    entry = ENTRIES[place]
    assert entry.arguments() == {param.name: param.default for param in entry.params}
    assert entry.arguments(entry.arguments()) == entry.arguments()


@pytest.mark.parametrize("place", PARAMS)
def test_a_parameter_has_a_kind_limits_and_a_default_inside_them(place: str) -> None:
    param = PARAMS[place]
    assert param.check(param.default) == param.default
    match param.limits:
        case Range(low, high, step):
            assert param.kind in (int, float)
            assert 0 < step <= high - low
            for outside in (low - step, high + step):
                with pytest.raises(ParameterError, match=param.name):
                    param.check(outside)
        case Choice(options):
            assert param.kind is str
            assert len(set(options)) == len(options) > 1
            with pytest.raises(ParameterError, match=options[0]):
                param.check("no_such_option")
        case None if not place.startswith("COMMANDS."):  # a command's option needs no widget
            assert param.kind in (bool, str), f"{place}: a number needs a Range"


# --- the mechanism, on a registry of the test's own


def toy() -> Entry[Any]:
    things: Registry[Any] = Registry("thing", "core.errors")

    @things.register("A thing", colour="red")
    def thing(
        *,
        size: Annotated[int, Range(1, 5, 1)] = 2,
        share: Annotated[float, Range(0, 1, 0.1)] = 0.5,
        mode: Annotated[str, Choice(("soft", "hard"))] = "soft",
    ) -> None:
        """Do nothing.

        Nothing at all.
        """

    return things["thing"]


def test_an_entry_is_read_from_the_function() -> None:
    entry = toy()
    assert (entry.id, entry.label, entry.facts["colour"]) == ("thing", "A thing", "red")
    assert entry.help.startswith("Do nothing.")
    assert entry.params == (
        Param("size", int, 2, Range(1, 5, 1)),
        Param("share", float, 0.5, Range(0, 1, 0.1)),
        Param("mode", str, "soft", Choice(("soft", "hard"))),
    )


def test_facts_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        toy().facts["colour"] = "blue"  # type: ignore[index]


def test_a_function_is_registered_once_and_only_with_a_docstring() -> None:
    things: Registry[Any] = Registry("thing", "core.errors")

    def bare() -> None: ...

    with pytest.raises(ValueError, match="docstring"):
        things.register("Bare")(bare)
    bare.__doc__ = "Documented now."
    things.register("Bare")(bare)
    with pytest.raises(ValueError, match="twice"):
        things.register("Bare again")(bare)


@pytest.mark.parametrize(
    ("given_values", "allowed"),
    [
        ({"size": "many"}, "int"),
        ({"size": 6}, "between 1 and 5"),
        ({"share": "nan"}, "between 0 and 1"),
        ({"share": "inf"}, "between 0 and 1"),
        ({"mode": "loud"}, "soft, hard"),
        ({"size": None}, "int"),
        ({"size": 2.5}, "int"),
        ({"size": float("inf")}, "int"),
    ],
)
def test_what_is_allowed_is_named(given_values: dict[str, Any], allowed: str) -> None:
    with pytest.raises(ParameterError, match=allowed):
        toy().arguments(given_values)


@given(st.integers(1, 5), st.floats(0, 1), st.sampled_from(["soft", "hard"]))
def test_allowed_values_are_kept_also_as_text(size: int, share: float, mode: str) -> None:
    expected = {"size": size, "share": share, "mode": mode}
    assert toy().arguments(expected) == expected
    assert toy().arguments({name: str(value) for name, value in expected.items()}) == expected


@given(st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=8), st.booleans()))
def test_any_value_is_in_range_or_refused(value: Any) -> None:
    for param in toy().params:
        try:
            checked = param.check(value)
        except ParameterError as error:
            assert param.name in str(error)  # noqa: PT017
            continue
        match param.limits:
            case Range(low, high):
                assert low <= checked <= high
            case Choice(options):
                assert checked in options
