"""Load on the server and on a plain relay beside it: what a call costs, and how long its audio is under way."""
