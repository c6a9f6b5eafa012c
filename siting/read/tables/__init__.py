"""The columns of a table as it lies in its file become ours."""
