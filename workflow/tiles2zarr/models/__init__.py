"""Frozen vocabulary of the package: what the JSON files between the steps hold."""
