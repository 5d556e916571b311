"""Readers of tile tables and vendor metadata: folder or file in, tiles out."""
