package arm

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// SignedURL is an absolute address with ARM's signature parameters. They are long on purpose: clients that shorten
// or re-order the query of a polling address fail against Azure, so they should be seen failing here.
func SignedURL(base, path, apiVersion string) string {
	sum := sha256.Sum256([]byte(path + apiVersion))
	sig := base64.RawURLEncoding.EncodeToString(sum[:])
	return base + path + "?api-version=" + apiVersion + "&t=638000000000000000&c=" + strings.Repeat(sig, 22) + "&s=" + strings.Repeat(sig, 8) + "&h=" + sig
}
