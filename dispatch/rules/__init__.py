"""How an environment's dispatch works, as its admins set it."""
