"""Parts of the pages under 质量: what they share, and runs side by side."""
