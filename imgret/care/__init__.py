"""The store and the runs themselves: what is damaged, left over, spare, or to leave no trace."""
