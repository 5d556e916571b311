"""The YAML config as frozen models: checked before any job exists."""
