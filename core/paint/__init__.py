"""One photo, one region: what a painted part is worth to a model.

Uses photos, sources, inference, regions, ablations, evaluation, study, effects and verdict. Face: `answer.answer` (what
a painted part is worth), `region_effect.elsewhere` (more than elsewhere?), `region_effect.under_every_fill`,
`region_effect.by_every_model`, `hosts.compared` (more than on photos of equal score?),
`occlusion_search.occlusion_search` (what matters most?), `segments.picked` (what a click means), `what_if.answer`,
`drawing.draw`, `replay.perform`.
"""
