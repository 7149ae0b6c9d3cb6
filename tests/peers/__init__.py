"""Real servers and clients as the tests' and benchmarks' own instances, each in a temporary folder."""
