"""Measurements: `python -m benchmarks NAME`. Timings are reported, never asserted."""
