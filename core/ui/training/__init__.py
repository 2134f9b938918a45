"""Parts of the page 训练集: options, preflight, built versions, summaries."""
