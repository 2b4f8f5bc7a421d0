"""Questions to a run: images, texts and conditions go in; hits, or the clusters of new images, come out."""
