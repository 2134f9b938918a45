"""The package ``openai``; imported inside a call, for it takes a fifth of a second.

It would be four times that with all of its types, of which a chat completion needs few, and with ``aiohttp``, which
is there for another package: openai's own client for it, which nobody here asks for, says that it is missing.
"""

import sys

from core.lazy_packages import hand_on_when_used

_TYPES = ("types", "types.responses", "types.chat", "types.graders", "types.beta", "types.realtime")
for part in _TYPES:
    hand_on_when_used(f"openai.{part}")
sys.modules.setdefault("openai._vendor.httpx_aiohttp", None)  # type: ignore[arg-type]  # so that importing it fails

import openai as openai  # noqa: E402  (only now, see above)
