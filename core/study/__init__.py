"""Photos × conditions to a table: the plan, the engine that runs it, and the folder that it writes.

Uses scenes, photos, sources, inference, regions, ablations and evaluation. Face: `plan.plan`, `engine.run`,
`reading.read_study`, `protocol.DECISION_ROWS`.
"""
