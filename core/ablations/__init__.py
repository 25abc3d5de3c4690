"""Ablations: each registered function photo → photo removes one kind of information, with a strength.

The photo is uint8 H × W × 3 and stays as it is; the result has its shape and kind. Spatial strengths are fractions of
the short side, so that they mean the same at any size; studies work at `config.WORKING_SIZE`. What is random takes a
`seed`. Facts of an entry: `removes` (words), `strength` (name of the parameter that is the strength, or None), `none`
(its value at which nothing changes, or None), `doses` (its values from weak to strong, the default among them), and
`needs=("mask",)` for the region operator.

Uses photos and regions. Face: `region.region`, and the entries of `ABLATIONS` and `FILLS`.
"""
