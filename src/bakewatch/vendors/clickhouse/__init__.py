"""Logs in ClickHouse's SQL, over one table `logs`: the same question for the embedded engine and for a hosted one."""
