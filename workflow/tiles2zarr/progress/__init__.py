"""How far a run is: what jobs append to small files, and what follows from that."""
