"""What maintainers run beside the tests."""
