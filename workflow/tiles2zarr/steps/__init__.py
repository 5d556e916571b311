"""What the rules do: one function per rule, files in, files out."""
