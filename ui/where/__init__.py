"""The page Where it looks: maps of several methods side by side, whether they hold, and what they lie on in a set.

Uses photos, inference, latent, trust and concepts of core. Face: `compare`, `concepts`, `over_set`.
"""
