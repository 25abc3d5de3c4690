"""Attribution methods: each registered function (predictor, photo) → Heatmap of the score.

Uses photos and inference. Face: `common.heatmap`, `common.evaluating`, and the entries of `ATTRIBUTIONS`.
"""
