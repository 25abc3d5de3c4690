"""Is the instrument right? A model and a study for each generated world whose cause is known.

Uses scenes, photos, sources, inference, regions, study and verdict. Face: `calibration.calibrate`, `table.read_table`.
"""
