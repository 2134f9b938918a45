"""The Jinja2 environment for prompt templates: sandboxed, and strict about undefined variables."""

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

# Prompts go to a model, not into a page: escaping would change the chat's words.
ENVIRONMENT = ImmutableSandboxedEnvironment(
    autoescape=False,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
