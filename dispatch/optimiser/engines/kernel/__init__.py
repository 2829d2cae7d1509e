"""The compiled search: strings of clients torn out and put back, in C, with its own small arrays and no lock held."""
