"""Being paid: the provider behind a port, use told to it, its news, and what happens to those who do not pay."""
