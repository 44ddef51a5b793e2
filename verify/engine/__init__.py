"""The engine: plan trials, execute them, settle, record; seeds, time limits, resume, kill matrix."""
