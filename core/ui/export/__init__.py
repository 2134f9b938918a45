"""Parts of the pages under 导出: exports."""
