package sandboxtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/capaks/capaks/internal/sandbox"
)

// Access is one request of the manager to the API server, as the API server wrote it down.
type Access struct {
	Verb      string `json:"verb"`
	URI       string `json:"requestURI"`
	UserAgent string `json:"userAgent"`
	Object    struct {
		APIGroup    string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	Answer struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"responseStatus"`
	Annotations map[string]string `json:"annotations"`
}

// What is the resource as RBAC rules name it.
func (a Access) What() string {
	if a.Object.Subresource != "" {
		return a.Object.Resource + "/" + a.Object.Subresource
	}
	return a.Object.Resource
}

// Denied tells whether a right was missing: one of RBAC, or one that owner references take where they are guarded. Webhooks
// that refuse an object answer with the same code.
func (a Access) Denied() bool {
	return a.Annotations["authorization.k8s.io/decision"] == "forbid" ||
		a.Answer.Code == 403 && (strings.Contains(a.Answer.Message, "blockOwnerDeletion") || strings.Contains(a.Answer.Message, "cannot set an ownerRef"))
}

func (a Access) String() string {
	return fmt.Sprintf("%s %s: %d %s", a.Verb, a.URI, a.Answer.Code, a.Answer.Message)
}

// Accesses are all the manager's requests in a sandbox so far. Those of a sandbox without a log are none.
func Accesses(box *sandbox.Sandbox) ([]Access, error) {
	file, err := os.Open(box.AuditLog())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // read only
	var all []Access
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a Access
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, fmt.Errorf("%s: %w", box.AuditLog(), err)
		}
		all = append(all, a)
	}
	return all, lines.Err()
}

// missingRights fails for what the manager asked in vain: it runs with exactly the rights of config/rbac.
func missingRights(box *sandbox.Sandbox) error {
	all, err := Accesses(box)
	if err != nil {
		return err
	}
	return inVain(all)
}

// inVain names every right that was missing to the end: an API server that has just started does not know anybody's rights yet, so
// what was granted later is none of them.
func inVain(all []Access) error {
	missing := map[string]Access{}
	for _, a := range all {
		right := a.Verb + " " + a.What() + "." + a.Object.APIGroup + " in namespace " + strconv.Quote(a.Object.Namespace)
		if a.Object.Resource == "" {
			right = a.Verb + " " + a.URI
		}
		if a.Denied() {
			missing[right] = a
		} else {
			delete(missing, right)
		}
	}
	var errs []error
	for _, right := range slices.Sorted(maps.Keys(missing)) {
		errs = append(errs, fmt.Errorf("the right to %s is missing in config/rbac: %s", right, missing[right]))
	}
	return errors.Join(errs...)
}
