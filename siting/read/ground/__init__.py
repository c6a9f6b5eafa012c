"""Networks and surfaces for walking."""
