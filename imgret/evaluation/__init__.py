"""What an answer is worth: runs go in; figures with intervals, comparisons and the tables of sweeps come out."""
