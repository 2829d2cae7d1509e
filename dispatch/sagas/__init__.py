"""What must follow when something goes wrong, through any crash."""
