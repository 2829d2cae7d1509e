"""The archive: every complete day as Parquet, and a simplified line per device and day that stays."""
