"""``python -m shiyao``."""

from shiyao import main

main()
