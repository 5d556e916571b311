"""The part of the config each step depends on, a module each: a job loads its own."""
