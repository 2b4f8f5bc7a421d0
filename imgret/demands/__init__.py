"""What is wanted of what a component gives: one function a demand, which raises Fault with what it is instead.

Runs and `plugins check` ask the same functions, and so say the same. What a component raises is told by blame.py.
"""


def a(given: object) -> str:
    """What was given, in two words."""
    return "None" if given is None else f"a {type(given).__name__}"
