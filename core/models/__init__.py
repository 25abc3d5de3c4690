"""Models: each registered function builds one architecture as a torch module photo batch → scores in [0, 1].

The module also has `features` (batch → penultimate features, N × F) and `read_out` (features → scores), so that one
pass gives both.
"""
