//! The table of all checks; runs jobs in-process or by exec.
