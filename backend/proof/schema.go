package proof

import (
	"embed"
	"io/fs"
)

//go:embed schema/*.json
var schemas embed.FS

// Schemas are the documents that describe statements and receipts for others (JSON Schema 2020-12), by file name. They
// say what a schema can say; that bytes are canonical, hashes right and signatures valid is for Verify.
func Schemas() fs.FS {
	documents, err := fs.Sub(schemas, "schema")
	if err != nil {
		panic(err) // the name is a constant and valid
	}
	return documents
}
