"""Parts of the page 设置."""
