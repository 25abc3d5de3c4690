"""The first page: a photo that answers at once, the verdict in one figure, and the map as a picture.

Uses photos, evaluation, study, verdict, latent and paint of core, and study and map of ui. Face: `sections`.
"""
