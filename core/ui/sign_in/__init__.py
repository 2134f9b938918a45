"""Signing in: who sits before a page, the gate before every route, the page with the form, and the check at start."""
