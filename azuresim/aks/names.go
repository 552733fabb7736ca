package aks

import (
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"
)

// The names and numbers the service makes up.

const (
	digits    = "0123456789"
	hexDigits = digits + "abcdef"
	letters   = digits + "abcdefghijklmnopqrstuvwxyz"
)

// random is a text of n characters of a set.
func random(set string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = set[rand.IntN(len(set))]
	}
	return string(out)
}

// scaleSetSuffix is the number all scale sets of a cluster have in common. It has eight digits, so none in front is 0.
func scaleSetSuffix() string { return random(digits[1:], 1) + random(digits, 7) }

// guidOf is a stable identifier for something Azure would look up.
func guidOf(kind, id string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(kind+":"+strings.ToLower(id))).String()
}
