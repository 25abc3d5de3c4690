"""What the model has learned to tell apart: concepts that a person names, and parts found without names."""
