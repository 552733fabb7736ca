package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
)

// layout names the files of one sandbox directory. Everything a person may want is at the top; what only the components
// read is under data/.
type layout struct{ dir string }

func (l layout) state() string      { return filepath.Join(l.dir, "state.json") }
func (l layout) kubeconfig() string { return filepath.Join(l.dir, "kubeconfig") }
func (l layout) azureEnv() string   { return filepath.Join(l.dir, "azure.env") }
func (l layout) logs() string       { return filepath.Join(l.dir, "logs") }
func (l layout) data() string       { return filepath.Join(l.dir, "data") }
func (l layout) azureReady() string { return filepath.Join(l.data(), "azuresim.ready") }
func (l layout) pki() string        { return filepath.Join(l.data(), "pki") }

func (l layout) auditPolicy() string { return filepath.Join(l.data(), "audit-policy.yaml") }
func (l layout) auditLog() string    { return filepath.Join(l.logs(), "audit.log") }

func (l layout) log(component string) string {
	return filepath.Join(l.logs(), component+".log")
}

// userKubeconfig is the kubeconfig of a component that does not run as cluster administrator.
func (l layout) userKubeconfig(component string) string {
	return filepath.Join(l.data(), component+".kubeconfig")
}

// certDir holds tls.crt and tls.key of one component's server, under the names Kubernetes components expect.
func (l layout) certDir(component string) string { return filepath.Join(l.pki(), component) }

func (l layout) create() error {
	for _, dir := range []string{l.dir, l.logs(), l.data(), l.pki()} {
		// The directory holds private keys and, with a real Azure account, its secrets.
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("sandbox directory: %w", err)
		}
	}
	// A sandbox made inside a work tree never shows up in `git status`.
	return os.WriteFile(filepath.Join(l.dir, ".gitignore"), []byte("*\n"), 0o600)
}
