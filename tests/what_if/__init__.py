"""The page measures any choice of sites as the library does."""
