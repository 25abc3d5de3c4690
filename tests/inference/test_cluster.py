"""What is said where there is no cluster; work over one is tested where studies are."""

from __future__ import annotations

import pickle
import socket
import sys

import pytest
import torch

from core.errors import ClusterError, MissingDependencyError, UnknownChoiceError
from core.inference import Predictor, cluster
from core.photos.preprocess import Preset
from core.registry import MODELS
from tests.conftest import draw_photo


def test_no_name_is_no_cluster_and_a_wrong_one_is_refused() -> None:
    with cluster.opened("") as found:
        assert found is None
    with pytest.raises(UnknownChoiceError, match="choose from ray"), cluster.opened("dask"):
        pass


def test_without_ray_the_command_that_brings_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"requirements-cluster\.txt"), cluster.opened("ray"):
        pass


def test_an_address_at_which_nothing_listens_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="ray is not installed (requirements-cluster.txt)")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        monkeypatch.setenv(cluster.ADDRESS, f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ClusterError, match="no Ray cluster answers"), cluster.opened("ray"):
            pass


def test_a_predictor_that_travels_scores_as_before() -> None:
    torch.manual_seed(0)
    predictor = Predictor("tiny", MODELS["small_cnn"].function().eval(), Preset(32, 32), {"licence": "none"})
    arrived = pickle.loads(pickle.dumps(predictor.concurrent(2)))  # noqa: S301  # made here
    assert (arrived.name, arrived.card, arrived.engine.id) == ("tiny", {"licence": "none"}, "torch")
    assert arrived.score([draw_photo()]) == pytest.approx(predictor.score([draw_photo()]), abs=0)
