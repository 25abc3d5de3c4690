"""Whether a heatmap can be believed: what removing its places does to the score, and what survives random weights.

Uses photos, inference, regions, evaluation, study, effects, verdict, latent and paint. Face: `over_set.run`,
`deciding_fills.deciding_fills`, `photo_report.photo_report`, `reports`, `words`.
"""
