"""Attribution methods: each registered function (predictor, photo) → Heatmap of the score."""
