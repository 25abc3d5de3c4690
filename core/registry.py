"""Registries: anything a user may choose is one registered function.

The function's name is its id, its docstring its help text, its keyword-only parameters (annotated with `Range` or
`Choice`) its settings. Command line, pages, contract tests and README tables read them from here.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from core.errors import ParameterError, UnknownChoiceError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high` (inclusive), offered in steps of `step`."""

    low: float
    high: float
    step: float


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    options: tuple[str, ...]


@dataclass(frozen=True)
class Param:
    """One keyword-only parameter of a registered function."""

    name: str
    kind: type
    default: Any
    limits: Range | Choice | None

    def check(self, value: Any) -> Any:
        """Return `value` as the declared kind; ParameterError names what is allowed."""
        try:
            if self.kind is int and isinstance(value, float) and not value.is_integer():
                raise ValueError("int() would cut the fraction off")
            value = self.kind(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise ParameterError(f"{self.name} must be {self.kind.__name__}, not {value!r}.") from error
        match self.limits:
            case Range(low, high) if not low <= value <= high:
                raise ParameterError(f"{self.name} must lie between {low:g} and {high:g}, not {value!r}.")
            case Choice(options) if value not in options:
                raise ParameterError(f"{self.name} must be one of {', '.join(options)}, not {value!r}.")
        return value


@dataclass(frozen=True)
class Entry(Generic[F]):
    """A registered function with what the user is told about it."""

    id: str
    label: str
    help: str
    function: F
    params: tuple[Param, ...]
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def arguments(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """All parameters with defaults filled in and `given` values checked; ParameterError names the choices."""
        known = {param.name: param for param in self.params}
        if given is not None and not isinstance(given, Mapping):
            raise ParameterError(f"{self.id} takes parameters by name, not {str(given)[:60]!r}.")
        if unknown := set(given or ()) - set(known):
            names = ", ".join(known) or "none"
            raise ParameterError(f"{self.id} has no parameter {sorted(unknown)[0]!r}; its parameters: {names}.")
        values = {name: param.default for name, param in known.items()}
        return values | {name: known[name].check(value) for name, value in (given or {}).items()}

    def about(self, name: str) -> str:
        """What the help says of a parameter: each sentence, or part of one at a semicolon, that names it as code."""
        parts = re.split(r"(?<=[.;])\s+", " ".join(self.help.split()))
        said = [part for part in parts if f"`{name}`" in part]
        plain = [part.replace(f"`{name}`", name.replace("_", " ")).rstrip(".;") for part in said]
        return " ".join(f"{part[0].upper()}{part[1:]}." for part in plain)


class Registry(Generic[F]):
    """Entries by id, ordered by module and place in it; the plugin folder is imported at first use."""

    def __init__(self, noun: str, package: str) -> None:
        self.noun = noun
        self.package = package
        self._entries: dict[str, Entry[F]] = {}
        self._loaded = False

    def register(self, label: str, **facts: Any) -> Callable[[F], F]:
        """Decorator that adds a function under its own name; ValueError if the id is taken or it has no docstring."""

        def add(function: F) -> F:
            if function.__name__ in self._entries:
                raise ValueError(f"{self.noun} {function.__name__!r} is registered twice.")
            entry = describe(function, label, facts)
            self._entries[entry.id] = entry
            return function

        return add

    def __getitem__(self, name: str) -> Entry[F]:
        if name not in self:
            raise UnknownChoiceError(
                f"No {self.noun} is called {str(name)[:60]!r}; choose from {', '.join(self._entries)}."
            )
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        self._load()
        return isinstance(name, str) and name in self._entries

    def __iter__(self) -> Iterator[Entry[F]]:
        self._load()
        return iter(list(self._entries.values()))

    def __len__(self) -> int:
        self._load()
        return len(self._entries)

    def _load(self) -> None:
        """Import every module of the plugin folder once, so that a new file is found without a list of names."""
        if self._loaded:
            return
        package = importlib.import_module(self.package)
        folder = getattr(package, "__path__", ())  # empty for a registry that lives in a single module
        for module in sorted(pkgutil.iter_modules(folder), key=lambda found: found.name):
            importlib.import_module(f"{self.package}.{module.name}")
        # A module may have been imported before the others; what a user sees must not depend on that.
        self._entries = dict(sorted(self._entries.items(), key=lambda item: item[1].function.__module__))
        self._loaded = True


def describe(function: F, label: str, facts: Mapping[str, Any]) -> Entry[F]:
    """Entry of a function, read from its signature and docstring; ValueError without a docstring."""
    doc = inspect.getdoc(function)
    if not doc:
        raise ValueError(f"{function.__name__} needs a docstring: it is the help text.")
    hints = get_type_hints(function, include_extras=True)
    params = tuple(
        _param(name, hints.get(name, str), parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    )
    return Entry(function.__name__, label, doc, function, params, MappingProxyType(dict(facts)))


def _param(name: str, hint: Any, default: Any) -> Param:
    if get_origin(hint) is Annotated:
        kind, *notes = get_args(hint)
        limits = next((note for note in notes if isinstance(note, Range | Choice)), None)
        return Param(name, kind, default, limits)
    return Param(name, hint, default, None)


PREDICTOR = "predictor"
"""Kind of a model that scores photos, unless its entry declares another."""

MODELS: Registry[Callable[..., Any]] = Registry("model", "core.models")
ENGINES: Registry[Callable[..., Any]] = Registry("engine", "core.inference.engines")
SOURCES: Registry[Callable[..., Any]] = Registry("photo source", "core.sources")
COMMANDS: Registry[Callable[..., Any]] = Registry("command", "core.commands")
LOSSES: Registry[Callable[..., Any]] = Registry("loss", "core.training.losses")
NETWORKS: Registry[Callable[..., Any]] = Registry("network", "core.training.networks")
ABLATIONS: Registry[Callable[..., Any]] = Registry("ablation", "core.ablations")
MASKS: Registry[Callable[..., Any]] = Registry("mask", "core.masks")
FILLS: Registry[Callable[..., Any]] = Registry("fill", "core.ablations.fills")
ATTRIBUTIONS: Registry[Callable[..., Any]] = Registry("attribution method", "core.attributions")
FEATURES: Registry[Callable[..., Any]] = Registry("feature", "core.photos.features")
SPACES: Registry[Callable[..., Any]] = Registry("space", "core.latent.spaces")
PROJECTIONS: Registry[Callable[..., Any]] = Registry("projection", "core.latent.projections")


def predictors() -> list[Entry[Callable[..., Any]]]:
    """The models that score photos; the others learn to draw them."""
    return [entry for entry in MODELS if entry.facts.get("kind", PREDICTOR) == PREDICTOR]
