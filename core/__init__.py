"""Memorability Lab: what does a CNN use when it predicts how memorable a photo is?"""
