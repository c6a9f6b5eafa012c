"""The planning documents as data files, one file a document."""
