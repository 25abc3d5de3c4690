"""The page Latent space: the chart, its controls, and the panels below it."""
