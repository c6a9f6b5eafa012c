"""Any file, archive or database as an unchanged table."""
