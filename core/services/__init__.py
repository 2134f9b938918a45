"""What the pages and the command line do, one package per group of the menu."""
