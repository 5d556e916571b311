"""One module per executable of a task; Fractal runs them by their paths."""
