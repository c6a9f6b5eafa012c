"""How files, archives and databases are read."""
