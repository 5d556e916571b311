"""Stage positions to integer pixel boxes: align, tile, round, compact channels."""
