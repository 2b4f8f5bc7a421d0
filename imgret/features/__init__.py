"""From pixels to features: items and a backbone go in, float32 rows of the store come out, each computed once."""
