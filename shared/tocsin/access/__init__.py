"""The way out: secrets by reference, AWS sessions and clients, HTTP transports; for sources and receivers."""
