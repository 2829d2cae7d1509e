"""The porch: takes what devices report, puts it on a stream, walks it into the database. Knows no Django."""
