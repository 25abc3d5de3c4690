"""One photo, one region: what a painted part is worth to a model.

Uses regions, ablations, study and verdict. Its face: `region_effect.paint`, `drawing.draw`, `replay.perform`.
"""
