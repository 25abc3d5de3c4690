"""Is the instrument right? A model and a study for each generated world whose cause is known.

Uses scenes, study and verdict. Its face: `calibration.calibrate`, `table.read_table`.
"""
