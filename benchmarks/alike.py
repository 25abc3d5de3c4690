"""`python -m benchmarks alike [N]`: photos that look alike, by the index and by comparing each with all before.

N prints are drawn; a twentieth are copies of one before, with up to eight bits changed. Both must answer the same.
"""

from __future__ import annotations

import time

import numpy as np

from core.photos.fingerprints import NEAR_BITS, Fingerprint, FingerprintIndex

PRINTS = 60_000
ASKED = 2_000
"""Searches of each kind that are timed, at evenly spread moments while the prints come in."""
LARGE = (2**18, 2**20)
"""Prints between which a search's growth is measured, for what even more would cost."""


def drawn_looks(count: int, seed: int = 0) -> np.ndarray:
    """Looks (uint64) of so many photos, a twentieth of them copies of one before, with up to eight bits changed."""
    random = np.random.default_rng(seed)
    looks = random.integers(0, 2**64, count, dtype=np.uint64)
    for copy in range(20, count, 20):
        changed = random.choice(64, random.integers(0, 9), replace=False).astype(np.uint64)
        looks[copy] = looks[random.integers(copy)] ^ np.bitwise_xor.reduce(np.uint64(1) << changed, initial=0)
    return looks


def prints_of(looks: np.ndarray) -> list[Fingerprint]:
    """Fingerprints of different photos with these looks."""
    return [Fingerprint(f"{number:016x}", f"{int(look):016x}") for number, look in enumerate(looks)]


def compared_with_all(looks: np.ndarray, look: np.uint64) -> int | None:
    """The first of the looks that is near, by comparing with every one."""
    near = np.flatnonzero(np.bitwise_count(looks ^ look) <= NEAR_BITS)
    return int(near[0]) if len(near) else None


def both(looks: np.ndarray) -> tuple[float, float]:
    """Seconds of the processor to find, for each look, the first before it that is near: by the index, and by all."""
    index, times = FingerprintIndex(), np.zeros(2)
    asked = set(np.linspace(0, len(looks) - 1, min(ASKED, len(looks)), dtype=int).tolist())
    for number, item in enumerate(prints_of(looks)):
        if number in asked:
            started = time.process_time()
            found = index.find(item)
            between = time.process_time()
            wanted = compared_with_all(looks[:number], looks[number])
            times += between - started, time.process_time() - between
            if found != wanted:
                raise SystemExit(f"print {number}: the index says {found}, a comparison with all says {wanted}")
        index.add(item)
    first, second = times / len(asked) * len(looks)
    return float(first), float(second)


def growth(sizes: tuple[int, int] = LARGE) -> tuple[float, float]:
    """Seconds of a search: among no prints, and what each print adds, from searches among so many and so many."""
    index, costs = FingerprintIndex(), []
    looks = drawn_looks(sizes[-1])
    for number, item in enumerate(prints_of(looks), start=1):
        index.add(item)
        if number in sizes:
            new = prints_of(drawn_looks(20 * ASKED, seed=1))
            started = time.process_time()
            for other in new:
                index.find(Fingerprint("new", other.look))
            costs.append((time.process_time() - started) / len(new))
    each = max(0.0, (costs[1] - costs[0]) / (sizes[1] - sizes[0]))
    return costs[1] - each * sizes[1], each


def main(arguments: list[str]) -> None:
    """Print a line a size, then what the search of 100 million would take, computed."""
    most = int(arguments[0]) if arguments else PRINTS
    print("| prints | by the index: s of the processor | compared with all: s | ratio |\n|---|---|---|---|")
    for count in (most // 4, most // 2, most):
        ours, direct = both(drawn_looks(count))
        print(f"| {count:,} | {ours:.2f} | {direct:.2f} | {direct / ours:.1f} |", flush=True)
    start, each = growth()
    hours = 1e8 * (start + each * 1e8 / 2) / 3600
    print(f"\n100,000,000 prints, computed: {hours:,.1f} hours; a search takes {1e6 * start:.0f} µs", end=" ")
    print(f"and {1e12 * each:.0f} ps for each print before.")
