"""What the harness asks of a model, an agent and a grader."""
