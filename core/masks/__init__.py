"""Masks: each registered function photo → Region finds one kind of thing in a photo.

The photo is uint8 H × W × 3 at any size and stays as it is; the region's mask is bool H × W, all false where nothing is
found. Detectors load once, and may be called from several threads. Facts of an entry: `thing` (words in the plural),
`version` (part of the cache's key: raise it when the results change), `detector` (True where the result may be wrong
and has been measured), `boxes` (True where instances are told apart), and `needs` (a tuple, where more than the photo
is needed).

Uses photos and regions. Face: the entries of `MASKS`.
"""
