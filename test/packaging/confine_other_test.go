//go:build !linux

package packaging

import (
	"fmt"
	"os"
)

// becomeManager: an image for Linux runs on Linux only.
func becomeManager(string) {
	fmt.Fprintln(os.Stderr, "the image is for Linux")
	os.Exit(1)
}
