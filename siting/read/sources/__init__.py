"""Any file, archive or database becomes a table as it lies there."""
