"""Attribution methods: each registered function (predictor, photo) → Heatmap of the score.

Uses photos and inference. Face: `model_at_work.heatmap`, `model_at_work.evaluating`, and the entries of `ATTRIBUTIONS`.
"""
