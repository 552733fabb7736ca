package packaging

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// planes holds the one sandbox of the package.
var planes sandboxtest.Planes

// TestMain is also the manager: the sandbox starts this very program under that name, and it becomes the one of the image.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "manager" {
		becomeManager(filepath.Join(filepath.Dir(os.Args[0]), rootDir))
	}
	planes.Main(m, 4)
}

// rootDir is the unpacked image, beside the binaries of the sandbox.
const rootDir = "root"

// packaged is a sandbox whose manager comes out of the image and knows of other replicas. Operations take long enough for another
// replica to take over in their middle.
func packaged(t *testing.T) *sandboxtest.Plane {
	t.Helper()
	return planes.Get(t, "packaged", sandbox.Options{
		BinDir:       overlay(t),
		AzureSimArgs: []string{"--throttle-scale=0", "--durations=managedCluster=2s,managedCluster.create=25s,agentPool=2s,agentPool.update=10s,unchanged=1s,resourceGroup.delete=1s"},
		ManagerArgs:  []string{"--leader-elect", "--leader-election-namespace=" + namespace, "--fleet-interval=2s", "--throttle-factor=100"},
	})
}

// namespace is where the components are installed.
const namespace = "capaks-system"

// overlay is a directory with all binaries, but in the place of the manager what runs the image.
func overlay(t *testing.T) string {
	t.Helper()
	made.once.Do(func() { made.dir, made.err = makeOverlay(t) })
	if made.err != nil {
		t.Fatal(made.err)
	}
	return made.dir
}

var made struct {
	once sync.Once
	dir  string
	err  error
}

func makeOverlay(t *testing.T) (string, error) {
	bin, err := filepath.Abs(binaries(t))
	if err != nil {
		return "", err
	}
	dir := filepath.Join(planes.Dir(), "bin")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(bin)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		if entry.Name() == "manager" {
			continue
		}
		if err := os.Symlink(filepath.Join(bin, entry.Name()), filepath.Join(dir, entry.Name())); err != nil {
			return "", err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if err := os.Symlink(self, filepath.Join(dir, "manager")); err != nil {
		return "", err
	}
	// The user of the image has to get through to its files.
	for _, path := range []string{planes.Dir(), dir} {
		if err := os.Chmod(path, 0o755); err != nil {
			return "", err
		}
	}
	return dir, unpack(pack(t), filepath.Join(dir, rootDir))
}

func binaries(t *testing.T) string {
	t.Helper()
	return sandboxtest.Binaries(t, "image", "kustomize", "clusterctl")
}
