"""The live map: from a committed batch to the browsers that watch, and the page they watch it on."""
