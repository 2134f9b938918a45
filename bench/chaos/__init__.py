"""Chaos: real servers killed, cut off, filled up and fed with garbage, while an oracle keeps what was acknowledged."""
