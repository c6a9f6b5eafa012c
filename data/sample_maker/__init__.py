"""The invented district 江峡区, made layer by layer from one seed."""
