"""One file per wire form: the request of one kind of client, and the reply that client needs."""
