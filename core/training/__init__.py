"""Photos to checkpoint: which photos teach, what each is worth, and the loop that fits a network.

Uses photos, sources, models, inference, regions and evaluation. Face: `fit.fit`, `recipes.TrainConfig`.
"""
