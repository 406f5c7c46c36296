// Package migrations holds the schema of both databases as goose files. The folders have equal file names, and
// package db proves that they make the same tables, columns, keys and checks. Forward only in production.
package migrations

import "embed"

// Files holds sqlite/*.sql and postgres/*.sql.
//
//go:embed sqlite/*.sql postgres/*.sql
var Files embed.FS
