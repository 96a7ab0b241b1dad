"""The records that the rooms of the harness share: frozen, and without behaviour of their own."""
