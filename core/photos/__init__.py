"""Bytes to pixels: reading, resizing and fingerprinting photos, and what can be counted in them.

Uses no other room. Face: `images.read`, `preprocess.square`, `fingerprints.fingerprint`, `features`.
"""
