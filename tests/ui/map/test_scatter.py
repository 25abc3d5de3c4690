"""What the browser is told of the chart."""

from __future__ import annotations


def test_plotly_is_compiled_at_once() -> None:
    from ui.map.scatter import _compiled_at_once, _plotly

    assert _plotly().endswith(b"})));")
    assert b": this, (function () {" in _plotly()
    assert _compiled_at_once(b"another build") == b"another build"
