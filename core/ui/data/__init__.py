"""Parts of the pages under 数据: import and datasets."""
