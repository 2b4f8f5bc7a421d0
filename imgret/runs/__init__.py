"""Runs on disk: what was found goes in, a folder that is whole comes out; loaded, told, and held beside the last."""
