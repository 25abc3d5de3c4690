"""Models: each registered function builds one architecture as a torch module photo batch → scores in [0, 1].

The module also has `features` (batch → penultimate features, N × F) and `read_out` (features → scores), so that one
pass gives both.

Uses photos. Face: `package_weights.read_package_weights`, and the entries of `MODELS`.
"""
