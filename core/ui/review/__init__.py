"""Parts of the pages under 审阅: workbench, record table, filters."""
