"""Projections: each registered function lays points of many dimensions out in two or three."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from core.registry import PROJECTIONS, Range


@PROJECTIONS.register("UMAP", most=200_000)
def umap(
    points: np.ndarray,
    dims: int,
    seed: int,
    *,
    neighbours: Annotated[int, Range(2, 200, 1)] = 15,
    min_dist: Annotated[float, Range(0, 1, 0.05)] = 0.1,
    epochs: Annotated[int, Range(50, 1000, 50)] = 200,
) -> np.ndarray:
    """Uniform manifold approximation: neighbourhoods and their rough arrangement.

    `neighbours` is how many of its nearest count for a point; `min_dist` is how close points may lie; `epochs` is the
    number of passes. Source: McInnes et al. 2018.
    """
    from umap import UMAP  # compiles for seconds: only where something is laid out

    close = min(neighbours, len(points) - 1)
    start = "spectral" if len(points) > 10 * dims else "random"
    model = UMAP(
        n_components=dims,
        n_neighbors=close,
        min_dist=min_dist,
        random_state=seed,
        n_jobs=1,
        init=start,
        n_epochs=epochs,
    )
    return np.asarray(model.fit_transform(np.asarray(points, dtype=np.float32)), dtype=np.float32)


@PROJECTIONS.register("t-SNE", most=10_000)
def tsne(
    points: np.ndarray, dims: int, seed: int, *, perplexity: Annotated[float, Range(2, 200, 1)] = 30.0
) -> np.ndarray:
    """t-distributed stochastic neighbour embedding: neighbourhoods; distances between groups mean nothing.

    `perplexity` is about how many of its nearest count for a point. Source: van der Maaten & Hinton 2008, van der
    Maaten 2014.
    """
    from sklearn.manifold import TSNE

    close = min(perplexity, (len(points) - 1) / 3)
    coarse = 0.8 if dims == 3 else 0.5  # an octree is slow to walk; the divergence comes out the same
    model = TSNE(dims, perplexity=close, init="pca", max_iter=500, angle=coarse, random_state=seed)
    return np.asarray(model.fit_transform(points), dtype=np.float32)


@PROJECTIONS.register("PCA", most=10_000_000)
def pca(points: np.ndarray, dims: int, seed: int) -> np.ndarray:
    """Principal components: the directions along which photos differ most; distances are true but for what is cut."""
    centred = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = vectors[:, np.argsort(values)[::-1][:dims]]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])  # an axis has no sign of its own
    found = np.zeros((len(points), dims), dtype=np.float32)
    found[:, : axes.shape[1]] = centred @ (axes * signs)
    return found
