"""What can be typed: the words of a command line become a mapping of checked settings."""
