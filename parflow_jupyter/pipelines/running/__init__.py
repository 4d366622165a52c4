"""Running a pipeline: the plan, its steps, and what came of them."""
