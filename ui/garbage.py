"""Streamlit collects garbage after every run of a page: half a second where torch is loaded, while nobody is served.

What a process loads once stays for good, so it need not be looked at again.
"""

from __future__ import annotations

import gc
import sys
from threading import Lock

FEW = 25
"""Modules: fewer new ones hold too little to be worth it."""
_lock = Lock()
_loaded = 0


def keep_what_is_loaded() -> None:
    """Take all that is alive out of later collections, whenever many modules came since the last time.

    That happens a few times in the life of a process, so little of a visit is kept beyond its end by it.
    """
    global _loaded
    with _lock:
        if len(sys.modules) - _loaded < FEW:
            return
        _loaded = len(sys.modules)
    gc.collect()
    gc.freeze()
