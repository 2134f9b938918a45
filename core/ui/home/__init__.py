"""Parts of the page 总览."""
