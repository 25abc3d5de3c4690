"""Photos to checkpoint: which photos teach, what each is worth, and the loop that fits a network.

Uses photos, sources, models, inference and evaluation. Its face: `fit.fit`, `recipes.TrainConfig`.
"""
