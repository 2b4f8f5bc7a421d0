"""From features to clusters: X goes in; neighbours, fewer columns, labels, and how many clusters there are come out."""
