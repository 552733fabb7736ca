package packaging

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// pack makes an image of the manager for this machine, as `make image` does for all, and answers its OCI layout.
func pack(t *testing.T) string {
	t.Helper()
	layout.once.Do(func() {
		bin := binaries(t)
		out := filepath.Join(planes.Dir(), "image")
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "image"), "pack", "--binary=linux/"+runtime.GOARCH+"="+filepath.Join(bin, "manager"),
			"--name=localhost/capaks/manager:v0.0.0", "--version=v0.0.0", "--created=0", "--out="+out)
		raw, err := cmd.CombinedOutput()
		layout.dir, layout.said = filepath.Join(out, "oci"), string(raw)
		if err != nil {
			layout.err = fmt.Errorf("%w\n%s", err, raw)
		}
	})
	if layout.err != nil {
		t.Fatal(layout.err)
	}
	return layout.dir
}

var layout struct {
	once      sync.Once
	dir, said string
	err       error
}

// descriptor is how documents of an image name each other.
type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

// manifest is an index or an image.
type manifest struct {
	Manifests []descriptor `json:"manifests"`
	Config    descriptor   `json:"config"`
	Layers    []descriptor `json:"layers"`
	Subject   *descriptor  `json:"subject"`
}

func blob(dir string, d descriptor) string {
	return filepath.Join(dir, "blobs", strings.Replace(d.Digest, ":", "/", 1))
}

func readJSON(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// image finds the one image of a layout, through the index that has its name.
func image(dir string) (manifest, error) {
	var all, index, found manifest
	if err := readJSON(filepath.Join(dir, "index.json"), &all); err != nil {
		return found, err
	}
	for _, d := range all.Manifests {
		if d.MediaType != "application/vnd.oci.image.index.v1+json" {
			continue
		}
		if err := readJSON(blob(dir, d), &index); err != nil {
			return found, err
		}
	}
	if len(index.Manifests) != 1 {
		return found, fmt.Errorf("%s has %d images, want one", dir, len(index.Manifests))
	}
	return found, readJSON(blob(dir, index.Manifests[0]), &found)
}

// unpack writes the files of the image below root, as a container engine would, with the owners they have in it.
func unpack(dir, root string) error {
	m, err := image(dir)
	if err != nil {
		return err
	}
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	for _, d := range m.Layers {
		if err := unpackLayer(blob(dir, d), root); err != nil {
			return fmt.Errorf("layer %s: %w", d.Digest, err)
		}
	}
	return nil
}

func unpackLayer(path, root string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // read only
	content, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	archive := tar.NewReader(content)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unpackFile(archive, header, filepath.Join(root, header.Name)); err != nil {
			return err
		}
	}
}

func unpackFile(content io.Reader, header *tar.Header, path string) error {
	switch header.Typeflag {
	case tar.TypeDir:
		if err := os.Mkdir(path, 0o755); err != nil {
			return err
		}
	case tar.TypeReg:
		raw, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s has type %c: the image has files and directories only", header.Name, header.Typeflag)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(path, header.Uid, header.Gid); err != nil {
			return err
		}
	}
	return os.Chmod(path, header.FileInfo().Mode())
}
