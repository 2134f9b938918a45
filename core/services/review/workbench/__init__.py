"""The workbench: its data for a chat, and synchronisation with the browser."""
