"""The append-only record of graded trials and of decisions: chained, durable, sealed by run."""
