"""Models: each registered function builds one architecture as a torch module photo batch → scores in [0, 1]."""
