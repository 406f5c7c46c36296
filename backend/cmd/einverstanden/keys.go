package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"einverstanden/backend/config"
	"einverstanden/backend/vault"
)

var errNoKeyFolder = errors.New("EINVERSTANDEN_KEYS is not set: name the folder of the key files, outside the data folder")

// completeKeys makes what a newer version of the program needs beside the keys that are there.
func completeKeys(out io.Writer) error {
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	if c.Keys == "" {
		return errNoKeyFolder
	}
	made, err := vault.Complete(c.Keys)
	for _, name := range made {
		if _, err := fmt.Fprintln(out, "made", name, "- copy it to where your copy of the keys lies"); err != nil {
			return err
		}
	}
	return err
}
