#!/usr/bin/env bash
# The first hour with a product catalogue: photos/, products.csv, which lists them, the shop's own vectors.npy,
# and shard-000000.tar, the same photographs as a WebDataset.
set -euo pipefail

# The table names its columns as the shop does: say which is the file and which the label.
# One row names a photograph that nobody has; the run goes on, and failures.csv says so.
python -m imgret products.csv source.path=photo source.label=category backbone=efficientnet_lite0 k=8 view=pca

# A column that is not there is answered with those that are.
python -m imgret products.csv source.path=foto backbone=pixels 2>wrong.txt || echo "$?" >wrong-exit.txt

# What else looks like this one, and is to be had now, for less than 50?
python -m imgret query photos/p000.jpg --top 5
python -m imgret query photos/p000.jpg --where 'stock>0' --where 'price<50' --top 5 --json >cheap.json

# To other programs: a folder a cluster, the table, a data set for Hugging Face.
python -m imgret export folders by-cluster
python -m imgret export csv clustered.csv
python -m imgret export imagefolder dataset --copy
# Nothing is overwritten.
python -m imgret export csv clustered.csv 2>again.txt || echo "$?" >again-exit.txt

# The shop has vectors of its own, a row for each of the table's: the same way, and no network is run.
python -m imgret products.csv source.path=photo source.label=category \
    backbone=precomputed backbone.vectors=vectors.npy k=8 view=pca out=runs-own

# The photographs in a tar, with labels beside them, are not unpacked.
python -m imgret shard-000000.tar backbone=pixels k=8 view=pca out=runs-tar
python -m imgret query p000.jpg --run runs-tar/latest --top 3 --json >from-tar.json

python -m imgret runs >runs.txt
