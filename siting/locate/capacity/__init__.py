"""What whole stations of limited capacity can serve of one neighbourhood: rows that fractions of stations break."""
