"""Whether a heatmap can be believed: what removing its places does to the score, and what survives random weights."""
