"""What the edge asks of AWS, signed by hand over the standard library: importing the SDK costs a cold start."""
