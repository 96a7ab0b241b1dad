"""From what the ledger holds to a verdict: pure functions of its records."""
