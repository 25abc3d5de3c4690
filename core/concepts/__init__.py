"""What the model has learned to tell apart: concepts that a person names, and parts found without names.

Uses photos, inference, attributions, regions, effects, paint and trust. Face: `over_set.concepts`,
`reports.read_concepts`, `words`.
"""
