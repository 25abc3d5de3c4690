"""One photo, one region: what a painted part is worth to a model.

Uses photos, sources, inference, regions, ablations, evaluation, study, effects and verdict. Face:
`region_effect.paint`, `drawing.draw`, `replay.perform`.
"""
