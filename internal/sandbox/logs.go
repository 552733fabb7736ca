package sandbox

import (
	"os"
	"strings"
)

// tailBytes bounds what is read of a log to find its last lines.
const tailBytes = 64 << 10

// tail returns the last lines of a file, indented; what cannot be read is said in their place.
func tail(path string, lines int) string {
	f, err := os.Open(path)
	if err != nil {
		return "    (" + err.Error() + ")"
	}
	defer f.Close() //nolint:errcheck // read only
	info, err := f.Stat()
	if err != nil {
		return "    (" + err.Error() + ")"
	}
	from := max(0, info.Size()-tailBytes)
	raw := make([]byte, info.Size()-from)
	n, _ := f.ReadAt(raw, from) // a log that shrinks meanwhile just gives less
	text := strings.TrimRight(string(raw[:n]), "\n")
	if text == "" {
		return "    (empty)"
	}
	all := strings.Split(text, "\n")
	return "    " + strings.Join(all[max(0, len(all)-lines):], "\n    ")
}
