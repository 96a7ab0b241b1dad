"""The weights of the embedded models: what is pinned, how it is fetched, where it lies."""
