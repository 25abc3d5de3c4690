"""The page Latent space: the chart, its controls, and the panels below it.

Uses photos, sources, inference, study and latent of core, and photo of ui. Face: `chart`, `controls`, `panels`,
`selections`, `nearest`, `resources`.
"""
