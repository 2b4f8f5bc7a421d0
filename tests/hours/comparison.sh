#!/usr/bin/env bash
# The first hour of a comparison: photos/ in folders by label; which backbone, which clusterer, and does a seed matter?
set -euo pipefail

# Features are computed once a backbone, whatever else is varied.
python -m imgret -m photos backbone=pixels,classical clusterer=kmeans,agglomerative k=6 seed=0,1 \
    view=pca reports=[] attributes=[]

# A clusterer that finds their number by itself has no k: its jobs are not repeated for one.
python -m imgret -m photos backbone=classical clusterer=kmeans,dbscan reducer=pca k=4,6 view=pca reports=[] \
    attributes=[] out=runs-dbscan

# A value that is wrong fails alone: the others are done, and the exit status says that something failed.
python -m imgret -m photos backbone=pixels k=4,5000 view=pca reports=[] attributes=[] out=runs-failed \
    || echo "$?" >failed-exit.txt

# A name that nothing has is found before the first job.
python -m imgret -m photos backbone=pixels,classicl 2>wrong.txt || echo "$?" >wrong-exit.txt

# The best one again, with its pictures.
python -m imgret photos backbone=classical clusterer=agglomerative k=6 view=pca out=runs-best
python -m imgret runs >runs.txt
