"""Which files a catalogue has: names, fabrics, cameras, planted copies and odd files. Nothing is drawn here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .odd_files import NO_FABRIC, ODD

VERSION = 2  # raised whenever a picture or the plan changes

NEAR, SAME = 40, 150  # one shot in so many is nearly, or exactly, another one


@dataclass(frozen=True)
class Shot:
    """One file. `of` is the number of the shot whose picture it shows: its own, or the original's.

    `form`: photo; near (cut a little and encoded again); same (the original's very bytes); or one of `ODD`.
    """

    number: int
    fabric: int
    camera: int
    form: str
    of: int
    name: str

    @property
    def label(self) -> str:
        return "" if self.form in NO_FABRIC else f"{self.fabric:03d}"

    @property
    def group(self) -> str:
        return "" if self.form in NO_FABRIC else f"{self.camera + 1}"


def shots(n: int, kinds: int, cameras: int, broken: int, seed: int) -> list[Shot]:
    """The n files of a catalogue, in order of number; every fabric has a shot where n allows it."""
    rng = np.random.default_rng([seed, 0])
    plain = n - broken
    popularity = rng.lognormal(0, 0.5, kinds)
    fabrics = np.concatenate([rng.permutation(kinds), rng.choice(kinds, n, p=popularity / popularity.sum())])[:n]
    takers = rng.integers(0, cameras, n)
    forms = ["photo"] * plain + [list(ODD)[i % len(ODD)] for i in range(broken)]
    of = np.arange(n)
    originals = plain - plain // NEAR - plain // SAME  # the copies are the last of the plain shots, before mixing
    for number in range(originals, plain):
        forms[number] = "near" if number < plain - plain // SAME else "same"
        of[number] = rng.integers(originals)
    fabrics, takers = fabrics[of], takers[of]
    mixed = rng.permutation(n).tolist()  # the numbers in the names tell nothing of what a file is
    digits = max(4, len(str(n - 1)))
    return [
        Shot(i, int(f), int(c), form, int(o), _name(int(f), int(c), form, f"{m:0{digits}d}", i - plain))
        for i, (f, c, form, o, m) in enumerate(zip(fabrics, takers, forms, of, mixed, strict=True))
    ]


def _name(fabric: int, camera: int, form: str, number: str, odd: int) -> str:
    if form in NO_FABRIC:
        again = odd // len(ODD) + 1
        what = "odd" if form == "one_pixel" else "broken"
        return f"{what}_{form}{f'_{again}' if again > 1 else ''}{ODD[form][0]}"
    stem = f"{fabric:03d}_c{camera + 1}_{number}"
    return f"{stem}_{form}{ODD[form][0]}" if form in ODD else f"{stem}.jpg"
