"""The outside world: the only modules that open and close sockets."""
