// Package frontend holds the built app. The folder build always exists, so that the program compiles before the first
// build of the app; Files then says that there is none.
package frontend

import (
	"embed"
	"errors"
	"io/fs"
)

// all: is needed because SvelteKit's output lies in _app, and names that begin with _ are left out otherwise.
//
//go:embed all:build
var build embed.FS

// ErrNotBuilt says that the program was compiled without the app.
var ErrNotBuilt = errors.New("the app is not built: run scripts/run, or npm run build in frontend before go build")

// Files are the files of the app, index.html at the root.
func Files() (fs.FS, error) {
	if _, err := fs.Stat(build, "build/app/index.html"); err != nil {
		return nil, ErrNotBuilt
	}
	return fs.Sub(build, "build/app")
}
