#!/usr/bin/env bash
# The first hour with a family's photographs: photos/ by year, twenty years of cameras, scans and copies among them.
set -euo pipefail

# Scans are TIFF, which is read on request only: the first run says that it left them out.
python -m imgret photos backbone=classical k=8 view=pca out=runs-first

# With them. What could not be read is in failures.csv, each file with its reason.
python -m imgret photos preset=archive backbone=classical formats=[tiff]
cat runs/latest/failures.csv

# Like this one and unlike that one; and only since 2015, by dates that the cameras wrote.
python -m imgret query photos/2004/a000.jpg --not photos/2004/a001.jpg --top 5 --json >unlike.json
python -m imgret query photos/2004/a000.jpg --where 'taken>=2015' --top 5 --json >since2015.json
python -m imgret query photos/2004/a000.jpg --where camera='Canon EOS 5D' --where 'taken<2010' --top 5
# A photograph from elsewhere, which is not in the archive.
python -m imgret query from-aunt.jpg --top 3 --json >aunt.json

# The archive in folders by cluster, to go through with a file manager. They are links: nothing is copied.
python -m imgret export folders by-cluster
