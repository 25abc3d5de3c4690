"""Engines: each registered function starts one way to run a model's forward pass.

It takes the model and how many callers come at once, and gives a Runner. Facts of an entry: the `package` that it
needs; `precisions`, a function that names what this processor computes natively; `speed`, how many times as fast as
PyTorch it was measured at each precision; and whether it runs the `module` itself, with its hooks, or an export of it.
What an engine needs is imported when it starts.
"""
