package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var platforms = []string{"linux/amd64", "linux/arm64"}

// programs builds a small program for all platforms.
func programs(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	for path, text := range map[string]string{"go.mod": "module example.com/program\n\ngo 1.26\n", "main.go": "package main\n\nfunc main() { println(\"hello\") }\n"} {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	built := map[string]string{}
	for _, platform := range platforms {
		system, processor, _ := strings.Cut(platform, "/")
		built[platform] = filepath.Join(dir, "program-"+processor)
		build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", built[platform], ".")
		build.Dir = dir
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor, "GOFLAGS=")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return built
}

func packAll(t *testing.T, binaries map[string]string, out string) {
	t.Helper()
	args := []string{"pack", "--name=localhost/capaks/manager:v9.9.9", "--version=v9.9.9", "--revision=abc", "--created=1700000000", "--out=" + out}
	for _, platform := range platforms {
		args = append(args, "--binary="+platform+"="+binaries[platform])
	}
	if err := run(t.Context(), args); err != nil {
		t.Fatal(err)
	}
}

// TestImages looks at everything that pack writes, and at what a registry has after push.
func TestImages(t *testing.T) {
	binaries, out := programs(t), t.TempDir()
	packAll(t, binaries, out)
	index := readIndex(t, filepath.Join(out, "oci"))
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	t.Run("again", func(t *testing.T) {
		again := t.TempDir()
		packAll(t, binaries, again)
		if one, two := contents(t, out), contents(t, again); !slices.Equal(one, two) {
			t.Errorf("the same input made other files:\n%s\n\n%s", strings.Join(one, "\n"), strings.Join(two, "\n"))
		}
	})
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != len(platforms) {
		t.Fatalf("the index has %d manifests, want one per platform", len(manifest.Manifests))
	}
	for i, d := range manifest.Manifests {
		t.Run(d.Platform.String(), func(t *testing.T) {
			if d.Platform.String() != platforms[i] {
				t.Errorf("platform %d is %s, want %s", i, d.Platform, platforms[i])
			}
			image, err := index.Image(d.Digest)
			if err != nil {
				t.Fatal(err)
			}
			checkConfig(t, image)
			checkFiles(t, image, binaries[platforms[i]])
			checkTarball(t, image, filepath.Join(out, "manager-linux-"+d.Platform.Architecture+".tar"))
			checkSBOM(t, filepath.Join(out, "manager-linux-"+d.Platform.Architecture+".spdx.json"))
		})
	}
	t.Run("push", func(t *testing.T) { checkPush(t, out, manifest.Manifests[0].Digest) })
}

// readIndex is the image of a layout: the one entry with a name.
func readIndex(t *testing.T, dir string) v1.ImageIndex {
	t.Helper()
	all, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := all.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range manifest.Manifests {
		if d.Annotations["org.opencontainers.image.ref.name"] == "v9.9.9" {
			index, err := all.ImageIndex(d.Digest)
			if err != nil {
				t.Fatal(err)
			}
			return index
		}
	}
	t.Fatalf("no entry of the layout has the name v9.9.9: %v", manifest.Manifests)
	return nil
}

// contents are all files below a directory with their sizes and digests.
func contents(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		digest, _, err := v1.SHA256(bytes.NewReader(raw))
		all = append(all, strings.TrimPrefix(path, dir)+" "+digest.String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func checkConfig(t *testing.T, image v1.Image) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532:65532" || !slices.Equal(config.Config.Entrypoint, []string{"/manager"}) {
		t.Errorf("%v would run as %q", config.Config.Entrypoint, config.Config.User)
	}
	for label, want := range map[string]string{
		"org.opencontainers.image.version": "v9.9.9", "org.opencontainers.image.revision": "abc",
		"org.opencontainers.image.created": "2023-11-14T22:13:20Z", "org.opencontainers.image.licenses": "Apache-2.0",
	} {
		if got := config.Config.Labels[label]; got != want {
			t.Errorf("label %s is %q, want %q", label, got, want)
		}
	}
}

func checkFiles(t *testing.T, image v1.Image, program string) {
	t.Helper()
	content := mutate.Extract(image)
	defer content.Close() //nolint:errcheck // read only
	found := map[string]*tar.Header{}
	archive := tar.NewReader(content)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimSuffix(header.Name, "/")] = header
		raw, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		switch header.Name {
		case "etc/ssl/certs/ca-certificates.crt":
			checkCertificates(t, raw)
		case "manager":
			if want, err := os.ReadFile(program); err != nil || !bytes.Equal(raw, want) {
				t.Errorf("/manager is not the program (%v)", err)
			}
		}
		// What the user may write to is seen at one glance.
		writable := header.Uid == user || header.Mode&0o002 != 0
		if may := strings.TrimSuffix(header.Name, "/"); writable != (may == "tmp" || may == "home/nonroot") {
			t.Errorf("%s has mode %o and owner %d", header.Name, header.Mode, header.Uid)
		}
	}
	for _, path := range []string{"manager", "etc/passwd", "etc/group", "etc/ssl/certs/ca-certificates.crt", "tmp", "home/nonroot"} {
		if found[path] == nil {
			t.Errorf("/%s is missing", path)
		}
	}
	if len(found) != 10 {
		t.Errorf("%d files and directories, want 10: nothing that could run but the manager", len(found))
	}
}

// checkCertificates looks for the roots that sign the endpoints of Azure.
func checkCertificates(t *testing.T, raw []byte) {
	t.Helper()
	var names []string
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, certificate.Subject.CommonName)
	}
	for _, want := range []string{"DigiCert Global Root G2", "Microsoft RSA Root Certificate Authority 2017", "Microsoft ECC Root Certificate Authority 2017"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing among %d certificates", want, len(names))
		}
	}
}

// checkTarball compares what `docker load` would get with the image.
func checkTarball(t *testing.T, image v1.Image, path string) {
	t.Helper()
	tag, err := name.NewTag("localhost/capaks/manager:v9.9.9")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := tarball.ImageFromPath(path, &tag)
	if err != nil {
		t.Fatal(err)
	}
	want, err := image.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := loaded.ConfigName(); err != nil || got != want {
		t.Errorf("%s has image %s (%v), want %s", path, got, err, want)
	}
}

func checkSBOM(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	ids, names := map[string]bool{doc.ID: true}, []string{}
	for _, p := range doc.Packages {
		if ids[p.ID] {
			t.Errorf("two elements have the id %s", p.ID)
		}
		ids[p.ID] = true
		names = append(names, p.Name)
	}
	for _, want := range []string{"example.com/program", "stdlib", rootsModule} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %v", want, names)
		}
	}
	for _, r := range doc.Relationships {
		if !ids[r.From] || !ids[r.To] {
			t.Errorf("%v names something that is not in the document", r)
		}
	}
}

func checkPush(t *testing.T, out string, image v1.Hash) {
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	to := strings.TrimPrefix(server.URL, "http://") + "/capaks/manager:v9.9.9"
	if err := run(t.Context(), []string{"push", "--layout=" + filepath.Join(out, "oci"), to}); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(to)
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.Head(tag)
	if err != nil {
		t.Fatal(err)
	}
	if written, err := os.ReadFile(filepath.Join(out, "digest")); err != nil || strings.TrimSpace(string(written)) != found.Digest.String() {
		t.Errorf("the registry has %s, the file says %s (%v)", found.Digest, written, err)
	}
	referrers, err := remote.Referrers(tag.Context().Digest(image.String()))
	if err != nil {
		t.Fatal(err)
	}
	list, err := referrers.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Manifests) != 1 || list.Manifests[0].ArtifactType != string(spdx) {
		t.Errorf("attached to %s is %v, want one SBOM", image, list.Manifests)
	}
}

// TestRefusals: what would make an image nobody can use, or that is not what it says, is refused with the way out.
func TestRefusals(t *testing.T) {
	static := programs(t)
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	common := []string{"pack", "--name=localhost/capaks/manager:v1.0.0", "--out=" + t.TempDir(), "--created=0"}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"linked with a C library": {append(slices.Clone(common), "--binary=linux/amd64="+shell), "CGO_ENABLED=0"},
		"another processor":       {append(slices.Clone(common), "--binary=linux/arm64="+static["linux/amd64"]), "GOARCH=amd64"},
		"no tag":                  {append(slices.Clone(common), "--binary=linux/amd64="+static["linux/amd64"], "--name=manager"), "HOST/PATH/NAME:TAG"},
		"no time":                 {append(slices.Clone(common), "--binary=linux/amd64="+static["linux/amd64"], "--created="), "--created is needed"},
		"no platform":             {append(slices.Clone(common), "--binary=bin/manager"), "PLATFORM=FILE"},
		"no command":              {nil, "usage:"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(t.Context(), c.args); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: the error is %v, want %q in it", c.args, err, c.want)
			}
		})
	}
}
