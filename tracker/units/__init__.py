"""Units: finds devices whose speed numbers are in another unit than they are read in."""
