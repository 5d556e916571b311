"""Whole-process timings of the workflow, beside the machine's own limit."""
