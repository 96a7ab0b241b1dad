"""What a trial is before it is replayed: its case, its prompt, its digests, its seed, its round."""
