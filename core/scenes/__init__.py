"""Drawn scenes with a known cause: what a scene holds, its picture, and the score that follows from it.

Uses no other room. Face: `worlds.WORLDS`, `scenes.draw`, `brushes`.
"""
