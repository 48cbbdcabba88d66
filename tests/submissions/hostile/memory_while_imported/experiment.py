"""Takes memory without end while it is imported (at most 6 GiB here)."""

HELD = [bytearray(b"x") * 2**26 for _ in range(96)]
