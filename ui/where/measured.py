"""The models that were measured over photo sets, and the choice among them."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import config
from core.concepts import reports as concepts
from core.latent import distinctiveness_results
from core.registry import MODELS
from core.trust import reports as trust
from ui import widgets

FOLDERS = (trust.FOLDER, concepts.FOLDER, distinctiveness_results.FOLDER)


@dataclass(frozen=True)
class MeasuredModel:
    """A model with results: its name in the names of their files, and what it is called on pages."""

    id: str
    label: str


def models() -> list[MeasuredModel]:
    """Every model with results in one of the folders, the default model first.

    Names come from the files that are there: what an address names is compared with them and never becomes a path.
    """
    files = [file for folder in FOLDERS for file in (config.ARTIFACTS / folder).glob("*")]
    names = {file.stem for file in files if file.is_dir() or file.suffix in (".csv", ".json")}
    return [
        MeasuredModel(name, MODELS[name].label if name in MODELS else name)
        for name in sorted(names, key=lambda name: (name != config.DEFAULT_MODEL, name))
    ]


def choose() -> str:
    """The model whose results are shown: by its own word in the address, or else that of the first tab.

    Without any results, the default model, of which the page says that nobody measured it.
    """
    found = models()
    if not found:
        return config.DEFAULT_MODEL
    names = [item.id for item in found]
    of_photo = st.query_params.get("model", config.DEFAULT_MODEL)
    default = of_photo if of_photo in names else names[0]
    return widgets.choose("Measured model", found, "measured", default=default, in_address=True)
