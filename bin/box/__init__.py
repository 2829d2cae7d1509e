"""The box: everything that brings Milepost up on one bare Debian machine. Standard library only."""
