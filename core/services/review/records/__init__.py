"""Review records: saving, versions, history, bulk changes."""
