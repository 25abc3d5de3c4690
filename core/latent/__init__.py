"""The map of a photo set: places in several spaces, tests of what lies together, and colours.

Uses photos, inference, regions, evaluation, study, effects and verdict. Face: `build.make`, `atlas.read`, `colours`.
"""
