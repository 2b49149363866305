"""gmplab: a laboratory for goroutine schedulers."""
