"""From files to pixels: a source goes in; every file has an outcome, every image an id, pixels and columns."""
