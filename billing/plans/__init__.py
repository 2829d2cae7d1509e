"""Plans: what each meter costs, from when, and which tenant is on which."""
