package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capaks/capaks/config"
)

// The components of a sandbox, by the names that `capaks sandbox status` prints and Options.Without, Kill and Restart take.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	AzureSim          = "azuresim"
	ClusterAPI        = "cluster-api"
	Manager           = "manager"
)

// Components lists every component in the order in which they start.
func Components() []string {
	return []string{Etcd, APIServer, ControllerManager, AzureSim, ClusterAPI, Manager}
}

// binaries names the file in Options.BinDir that a component is started from.
var binaries = map[string]string{
	Etcd:              "etcd",
	APIServer:         "kube-apiserver",
	ControllerManager: "kube-controller-manager",
	AzureSim:          "azuresim",
	ClusterAPI:        "cluster-api-manager",
	Manager:           "manager",
}

// DefaultDir is where a sandbox keeps its state unless told otherwise.
const DefaultDir = ".sandbox"

// Options says what to start and where. The zero value of every field but Dir and BinDir is useful.
type Options struct {
	// Dir holds everything of this sandbox: state, kubeconfig, logs, data. Two sandboxes need two directories.
	Dir string
	// BinDir holds the binaries that `make build` makes, kubectl, cluster-api-components.yaml and kubeadm-bootstrap-crds.yaml.
	BinDir string
	// ClusterAPIDir holds another cluster-api-manager and cluster-api-components.yaml than those of BinDir: another release.
	ClusterAPIDir string
	// Files are applied with kubectl once everything answers; namespaces they name are made first.
	Files []string
	// Without names components that are not started. Without the manager, its CRDs are installed and its webhooks are not.
	Without []string
	// Provider is the config/ tree of the provider (crd/bases, rbac, webhook). Default: the one this program was built with.
	Provider fs.FS
	// ExtraCRDs are further CustomResourceDefinitions (YAML, several documents allowed), for tests of Cluster API alone.
	ExtraCRDs []byte
	// AzureSimArgs, ManagerArgs and ClusterAPIArgs are appended to the command lines of these components.
	AzureSimArgs, ManagerArgs, ClusterAPIArgs []string
	// Env ("NAME=value") is added to the environment of azuresim and of the manager.
	Env []string
	// Audit keeps a log of what the provider's manager asks of the API server (Sandbox.AuditLog).
	Audit bool
	// Detach lets the components outlive the calling process. Otherwise they die with it, however it ends.
	Detach bool
	// Supervised says that the calling process answers SIGTERM with Down, so that another process may stop it that way.
	Supervised bool
	// KeepData makes Down leave the data of etcd and azuresim, for the next Up in the same directory.
	KeepData bool
	// Log receives one line per step.
	Log func(line string)
}

// complete fills in defaults and refuses what cannot work, before anything is started.
func (o *Options) complete() error {
	if o.Dir == "" || o.BinDir == "" {
		return errors.New("sandbox: Dir and BinDir must be set")
	}
	for _, dir := range []*string{&o.Dir, &o.BinDir} {
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return err
		}
		*dir = abs
	}
	for _, name := range o.Without {
		if !slices.Contains(Components(), name) {
			return fmt.Errorf("sandbox: no component is called %q; choose from %s", name, strings.Join(Components(), ", "))
		}
		if name == Etcd || name == APIServer {
			return fmt.Errorf("sandbox: %s cannot be left out, everything else needs it", name)
		}
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	if o.Provider == nil {
		o.Provider = config.Manifests
	}
	return o.checkBinaries()
}

func (o *Options) checkBinaries() error {
	var missing []string
	for _, name := range Components() {
		if o.with(name) {
			missing = appendMissing(missing, o.binary(name))
		}
	}
	missing = appendMissing(missing, o.kubectl())
	if o.with(ClusterAPI) {
		missing = appendMissing(appendMissing(missing, o.clusterAPIManifests()), o.kubeadmBootstrapCRDs())
	}
	if len(missing) > 0 {
		return fmt.Errorf("sandbox: missing %s; `make build` makes them", strings.Join(missing, ", "))
	}
	return nil
}

func appendMissing(missing []string, path string) []string {
	if _, err := os.Stat(path); err != nil {
		return append(missing, path)
	}
	return missing
}

func (o *Options) with(component string) bool { return !slices.Contains(o.Without, component) }

func (o *Options) kubectl() string { return filepath.Join(o.BinDir, "kubectl") }

func (o *Options) binary(component string) string {
	dir := o.BinDir
	if component == ClusterAPI {
		dir = o.clusterAPIDir()
	}
	return filepath.Join(dir, binaries[component])
}

func (o *Options) clusterAPIDir() string { return cmp.Or(o.ClusterAPIDir, o.BinDir) }

func (o *Options) clusterAPIManifests() string {
	return filepath.Join(o.clusterAPIDir(), "cluster-api-components.yaml")
}

func (o *Options) kubeadmBootstrapCRDs() string {
	return filepath.Join(o.BinDir, "kubeadm-bootstrap-crds.yaml")
}
