"""What must arrive: fleet, shipments, plans, manifests, and what follows when something goes wrong."""
