package db

// Waiting is how many changes wait in SQLite's two queues.
func (d *DB) Waiting() int { return len(d.commits.queue) + len(d.commits.behind) }
