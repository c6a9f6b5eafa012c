"""The frozen records that pass between the packages, and the arithmetic of each clause kind."""
