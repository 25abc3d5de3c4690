"""The map of a photo set: places in several spaces, tests of what lies together, and colours.

Uses inference, study, effects and verdict. Its face: `build.make`, `atlas.read`.
"""
