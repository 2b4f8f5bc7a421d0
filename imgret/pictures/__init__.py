"""What people look at: images and figures go in; contact sheets, charts and pages come out."""
