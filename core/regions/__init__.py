"""Where things are: masks and regions, detectors and how good they are, places for controls.

Uses photos and inference. Face: `regions`, `mask_cache.find`, `placements.placements`.
"""
