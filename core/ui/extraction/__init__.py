"""Parts of the pages under 抽取: runs, prompts, models."""
