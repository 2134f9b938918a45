"""Parts of the page 表单."""
