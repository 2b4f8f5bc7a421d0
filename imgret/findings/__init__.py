"""What a run has found: arrays, tables and names by cluster, the very files it saw, and how its hits are ranked."""
