"""Which words did the caller hear? Recordings with true word times, and how near each method comes."""
