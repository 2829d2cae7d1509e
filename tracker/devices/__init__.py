"""Devices and where each one last was."""
