"""Who does the work: functions and items go in, results come out in order, whatever becomes of the worker."""
