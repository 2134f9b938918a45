"""Chats: text in, messages with exact offsets, residue, speakers and roles out. Pure."""
