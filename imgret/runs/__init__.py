"""Runs on disk: what was found goes in, a whole folder comes out; it is loaded, told, and held beside the last."""
