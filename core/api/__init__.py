"""The HTTP API for other programs: the pages' services under ``/api/v1``, by access token. See docs/api.md.

Routes read a request, call one service and answer; what may not be is a problem document (RFC 9457) with the sentence
that a page would show. FastAPI checks requests by the same types that the description (OpenAPI) is made from.
"""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.api.mounting import api_routes

__all__ = ["api_routes"]

import_when_used(__name__)
