"""Rules without I/O: plain functions and frozen values."""
