"""The parts of the page 训练集: what goes in, what it comes to, built versions, summaries."""
