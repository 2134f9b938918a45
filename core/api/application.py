"""The API as one application below ``/api/v1``, and its description (OpenAPI)."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Security
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPBearer

from core.adapters.store import Store
from core.api import datasets, exports, imports, records, runs, scores
from core.api.guard import TokenOnly, TokenRates
from core.api.mounting import PREFIX
from core.api.problems import ProblemDocument, answer_problems
from core.api.reference_page import reference_page

VERSION = "1.0"
_DESCRIPTION = (
    "拾要给程序用的接口：和网页同样的服务、同样的权限、同样的句子。"
    "每个请求带 `Authorization: Bearer 令牌`；令牌在「设置」里新建，或用命令 `token add`。"
    "出错时回答 `application/problem+json`（RFC 9457）：`detail` 是哪里不对，`remedy` 是怎么办。"
)
_ROUTERS = (
    datasets.router,
    imports.router,
    runs.router,
    records.router,
    scores.router,
    exports.router,
)


def make_api(store: Callable[[], Store]) -> FastAPI:
    """The API as an application.

    Args:
        store: gives the open store of this process.
    """
    app = FastAPI(
        title="拾要 HTTP 接口",
        version=VERSION,
        description=_DESCRIPTION,
        # Its own pages load scripts from elsewhere; ours needs none.
        docs_url=None,
        redoc_url=None,
        # Nothing is told to anybody, whatever the environment says.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        redirect_slashes=False,
    )
    app.state.store = store
    answer_problems(app)
    app.add_middleware(TokenOnly, store=store, rates=TokenRates())
    bearer = Security(HTTPBearer(auto_error=False, scheme_name="访问令牌", description="在「设置」里新建的访问令牌"))
    for router in _ROUTERS:
        app.include_router(router, dependencies=[bearer])

    @app.get("/reference", include_in_schema=False)
    def reference() -> HTMLResponse:
        return HTMLResponse(reference_page(app.openapi()))

    _describe(app)
    return app


def description() -> dict[str, Any]:
    """The description (OpenAPI 3.1) of the API, without a server."""

    def no_store() -> Store:
        raise NotImplementedError

    return make_api(no_store).openapi()


def _describe(app: FastAPI) -> None:
    """Add what routes have in common to the description: problem documents, and the token as the one way in."""
    plain = app.openapi

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = plain()
            schemas = described.setdefault("components", {}).setdefault("schemas", {})
            whole_problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= whole_problem.pop("$defs", {})
            schemas["ProblemDocument"] = whole_problem
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for operation in (one for path in described["paths"].values() for one in path.values()):
                responses = operation["responses"]
                responses.pop("422", None)
                content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
                responses["default"] = {"description": "出错了：哪里不对，怎么办", "content": content}
        return app.openapi_schema or {}

    app.openapi = whole  # type: ignore[method-assign]
