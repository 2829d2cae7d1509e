"""The ways a message leaves the house, behind one small interface."""
