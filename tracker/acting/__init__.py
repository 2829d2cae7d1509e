"""Staff who look at the console as a member does: on record, for an hour, and read-only unless they say why not."""
