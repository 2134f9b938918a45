"""Prompt templates: versioned files with YAML front matter and a Jinja2 body, rendered from form and chat."""

from core.domain.prompts.cache_order import cache_order
from core.domain.prompts.loading import (
    PROMPTS_DIR,
    list_prompts,
    load_prompt,
    name_in,
    parse_prompt,
    prompt_folder,
)
from core.domain.prompts.prompt_types import (
    COMMON_VARIABLES,
    STAGE_PARTNERS,
    STAGE_TITLES,
    STAGE_VARIABLES,
    Example,
    Prompt,
    Rendered,
    Stage,
    gives_forms,
    needs,
)
from core.domain.prompts.rendering import asks_the_same, render
from core.domain.prompts.summary import read_summary, summary_of

__all__ = [
    "COMMON_VARIABLES",
    "PROMPTS_DIR",
    "STAGE_PARTNERS",
    "STAGE_TITLES",
    "STAGE_VARIABLES",
    "Example",
    "Prompt",
    "Rendered",
    "Stage",
    "asks_the_same",
    "cache_order",
    "gives_forms",
    "list_prompts",
    "load_prompt",
    "name_in",
    "needs",
    "parse_prompt",
    "prompt_folder",
    "read_summary",
    "render",
    "summary_of",
]
