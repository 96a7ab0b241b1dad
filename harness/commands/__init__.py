"""Commands: each a straight line of calls, one file each."""
