"""What a supervisor should look at, until somebody has."""
