#!/usr/bin/env bash
# The first hour with crops of persons: crops/, named as in Market-1501, 0002_c1s1_000451_03.jpg.
set -euo pipefail

# As they are: no label is in a folder's name, and crops twice as high as wide are squashed, which a line says.
python -m imgret crops backbone=classical k=6 view=pca out=runs-plain 2>plain.txt
cat plain.txt

# What the line said to type, and a regular expression for persons and cameras.
python -m imgret crops backbone=classical backbone.size=192x96 k=6 view=pca out=runs-regex \
    source.label_regex='^(?P<label>-?\d+)_c(?P<group>\d)'

# The same names are those of a data set that has a preset: its protocol knows junk (-1) and distractors (0000).
python -m imgret crops preset=market1501 backbone=classical backbone.size=192x96 k=6 view=pca baseline=pixels

# Who is this, seen by another camera?
python -m imgret query crops/0001_c1s1_000000_01.jpg --where group!=1 --top 5 --json >elsewhere.json
# A person by two pictures at once.
python -m imgret query crops/0002_c1s1_000000_01.jpg crops/0002_c2s1_000001_01.jpg --top 3
# No such camera: said, with those that there are.
python -m imgret query crops/0001_c1s1_000000_01.jpg --where group=9 2>camera9.txt || echo "$?" >camera9-exit.txt

# Only half of them, the same half every time.
python -m imgret crops preset=market1501 backbone=classical backbone.size=192x96 limit=20 k=4 view=pca reports=[] out=runs-half

python -m imgret runs >runs.txt
