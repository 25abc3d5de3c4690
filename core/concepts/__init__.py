"""What the model has learned to distinguish: concepts that a person names, and parts found without names.

Uses photos, sources, inference, attributions, regions, study, effects, latent, paint and trust. Face:
`over_set.concepts`, `reports.read_concepts`, `words`.
"""
