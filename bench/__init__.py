"""Benchmarks: what this machine reaches, as figures of one run and as ratios against what bounds them."""
