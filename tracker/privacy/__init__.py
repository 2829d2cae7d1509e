"""What a customer may take along, and what is erased: exports, erasures, and which tables both must know."""
