"""Where images are kept: folders and object stores, locks and the final swap."""
