"""A pool of networks lends each to one at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.regions.network_pool import NetworkPool


def test_a_pool_lends_each_to_one_and_makes_no_more_than_it_may() -> None:
    pool = NetworkPool(object, most=2)

    def borrow() -> object:
        with pool.lend() as item:
            return item

    with ThreadPoolExecutor(1) as threads, pool.lend() as first:
        with pool.lend() as second:
            assert second is not first
            third = threads.submit(borrow)
            with pytest.raises(TimeoutError):
                third.result(timeout=0.05)
        assert third.result(timeout=60) is second


def test_a_pool_takes_back_what_failed() -> None:
    pool = NetworkPool(object, most=1)
    with pytest.raises(ValueError, match="oops"), pool.lend() as first:
        raise ValueError("oops")
    with pool.lend() as second:
        assert second is first
