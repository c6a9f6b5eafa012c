"""The columns of a file's table become ours."""
