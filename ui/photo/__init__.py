"""The page Try a photo: photos of the visit, the canvas, what was painted, and its answers.

Uses photos, ablations, evaluation, verdict, latent, paint and trust of core, and study of ui. Face: `photos`,
`painting`, `what_if`, `score`, `score_table`, `pictures.Pictures`.
"""
