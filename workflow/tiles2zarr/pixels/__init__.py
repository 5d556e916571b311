"""The pixels of an image: chunks filled from tiles, encoded, halved into a pyramid."""
