"""The workbench: what it shows for a chat, and one sync with the browser."""
