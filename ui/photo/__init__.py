"""The page Try a photo: photos of the visit, the canvas, what was painted, and its answers."""
