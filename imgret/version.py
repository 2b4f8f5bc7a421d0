"""The version of imgret."""

VERSION = "0.1.0"
