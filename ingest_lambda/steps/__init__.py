"""The steps a batch walks, one file each; `pipeline.STEPS` says in which order."""
