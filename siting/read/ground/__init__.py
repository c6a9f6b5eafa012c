"""What people walk on: networks."""
