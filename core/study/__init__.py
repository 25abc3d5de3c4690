"""Photos × conditions to a table: the plan, the engine that runs it, and the folder that it writes.

Uses everything from photos to training. Its face: `plan`, `engine.run`, `reading.read_study`, `protocol.DECISION_ROWS`.
"""
