//go:build unix

package store

import (
	"fmt"
	"os"
	"syscall"
)

// lockDirectory keeps a second process out: two of them appending to one log would lose writes that were answered.
// The kernel lets go of the lock with the process, however that ends, so nothing is left behind by SIGKILL.
func lockDirectory(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("the data directory %s is in use by another process: %w", dir, err)
	}
	return f, nil
}
