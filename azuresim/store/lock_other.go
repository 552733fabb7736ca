//go:build !unix

package store

import "os"

// lockDirectory has no lock to take that would end with the process.
func lockDirectory(dir string) (*os.File, error) { return os.Open(dir) }
