"""Performance as ratios in one run (``make bench``). Nothing here is asserted: machines differ."""
