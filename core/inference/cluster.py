"""Work over a Ray cluster: results in order, the work of a worker that died done again, and nothing sent twice."""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from core import config
from core.errors import ClusterError, LabError, MissingDependencyError, UnknownChoiceError
from core.inference.predictor import Look, Predictor, batches, predictions
from core.inference.threads import single_threads
from core.types import Photo, Prediction

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")

CLUSTERS = ("ray",)
ADDRESS = "RAY_ADDRESS"
"""The variable that names a running cluster, "host:port", or "auto" on one of its machines."""
HERE = "local"
"""A cluster of this machine alone, which ends with the command."""
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_IGNORE_UNHANDLED_ERRORS": "1"}
"""Nothing is told to anybody outside, and an error once."""
LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""On this machine alone Ray listens on the loopback address; read when Ray is imported."""
RETRIES = 3
"""How often work is given to another worker when its own dies, before photos are suspected of killing workers."""
PREFETCH = 3
"""Pieces of work that wait or run, a worker: none has to wait for the driver."""
PATIENCE = 10
"""Seconds in which a cluster's address must answer."""


@dataclass(frozen=True)
class Shared:
    """Something that every worker needs, sent to each of them once."""

    reference: Any


@dataclass(frozen=True)
class Cluster:
    """A running Ray cluster: so many workers at once, each with a share of a GPU where there are some."""

    workers: int
    gpu: float = 0.0

    def __str__(self) -> str:
        return f"{self.workers} workers of a Ray cluster"

    def share(self, value: object) -> Shared:
        """Send something once."""
        import ray

        return Shared(ray.put((os.getcwd(), value)))

    def map(self, function: Callable[[S, T], R], shared: Shared, items: Iterable[T]) -> Iterator[R]:
        """`function(shared, item)` of every item, in order, with few results in memory.

        A worker that dies costs what it was at: another one does it. What core raises in a worker is raised here;
        ClusterError where workers keep dying at the same work.
        """
        import ray

        call = ray.remote(_call).options(num_cpus=1, num_gpus=self.gpu, max_retries=RETRIES)
        waiting: deque[Any] = deque()
        try:
            for item in items:
                # In a list, what is shared is not unpacked once more for every item.
                waiting.append(call.remote([shared.reference], function, item))
                if len(waiting) > PREFETCH * self.workers:
                    yield _result(waiting.popleft())
            while waiting:
                yield _result(waiting.popleft())
        finally:
            for left in waiting:
                ray.cancel(left)


_kept: dict[str, Any] = {}
"""In a worker: what was shared last, as it was unpacked."""


def _call(references: list[Any], function: Callable[[Any, Any], Any], item: Any) -> Any:
    """In a worker: do a piece of work, with one thread."""
    import ray

    (reference,) = references
    if reference.hex() not in _kept:
        _kept.clear()
        place, value = ray.get(reference)
        with suppress(FileNotFoundError):  # another machine may lack it; photos by whole paths are found all the same
            os.chdir(place)
        _kept[reference.hex()] = value
    with single_threads():
        return function(_kept[reference.hex()], item)


def _result(reference: Any) -> Any:
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        return ray.get(reference)
    except RayTaskError as error:
        if isinstance(error.cause, LabError):
            raise error.cause from None
        raise
    except RayError as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise ClusterError(
            f"Workers died {RETRIES + 1} times at the same work ({first}); give them more memory, and go on."
        ) from error


@contextmanager
def opened(name: str, workers: int | None = None) -> Iterator[Cluster | None]:
    """The cluster that `RAY_ADDRESS` names, or `workers` of this machine, a core each, for as long as the block lasts.

    None for no name. UnknownChoiceError names the kinds; MissingDependencyError without Ray; ClusterError where no
    cluster answers.
    """
    if not name:
        yield None
        return
    if name not in CLUSTERS:
        raise UnknownChoiceError(f"No cluster is called {name!r}; choose from {', '.join(CLUSTERS)}.")
    address = os.environ.get(ADDRESS) or HERE
    os.environ.update({name: value for name, value in (QUIET | (LOOPBACK if address == HERE else {})).items()
                       if name not in os.environ})  # fmt: skip
    try:
        import ray
    except ImportError as error:
        raise MissingDependencyError(
            "Ray is not installed; get it with: pip install -r requirements-cluster.txt"
        ) from error
    fresh = not ray.is_initialized()
    if fresh:
        _start(address, workers)
    try:
        yield _found()
    finally:
        if fresh:
            ray.shutdown()


def _start(address: str, workers: int | None) -> None:
    import ray

    alone: dict[str, Any] = {"include_dashboard": False, "num_cpus": workers} if address == HERE else {}
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **alone)
    except (ConnectionError, OSError, ValueError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ClusterError(
            f"{ADDRESS}={address}: no Ray cluster answers there ({reason}); start one with `ray start --head`, or "
            f"unset {ADDRESS} for this machine alone."
        ) from error


def _knock(address: str) -> None:
    """OSError where nothing listens at a "host:port": Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()


def _found() -> Cluster:
    import ray

    there = ray.cluster_resources()
    workers = max(1, int(there.get("CPU", 1)))
    gpus = there.get("GPU", 0.0)
    return Cluster(workers, min(1.0, gpus / workers))


def predict(
    cluster: Cluster, predictor: Predictor, photos: Iterable[Photo], *, features: bool = False, look: Look | None = None
) -> Iterator[Prediction]:
    """What `core.inference.predict` makes, batch by batch over a cluster."""
    shared = cluster.share((predictor, features, look))
    for made in cluster.map(_predicted, shared, batches(photos, config.BATCH_SIZE)):
        yield from made


def _predicted(shared: tuple[Predictor, bool, Look | None], batch: list[Photo]) -> list[Prediction]:
    predictor, features, look = shared
    return predictions(predictor, batch, features, look)
