"""The first page: a photo that answers at once, the verdict in one figure, and the map as a picture."""
