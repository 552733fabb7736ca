package main

import (
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// spdx is the media type of the SBOMs; it is also the artifact type by which registries list them.
const spdx types.MediaType = "application/spdx+json"

// binary is a program for one platform, such as linux/amd64.
type binary struct{ platform, file string }

// pack is what there is to pack and where to.
type pack struct {
	binaries                []binary
	name, version, revision string
	created                 time.Time
	out                     string
}

// packed is the image of one platform.
type packed struct {
	platform v1.Platform
	image    v1.Image
	sbom     []byte
}

// write makes the images and writes all files; it says what it wrote.
func (p *pack) write(log io.Writer) error {
	reference, err := name.NewTag(p.name, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("--name: %w; want HOST/PATH/NAME:TAG", err)
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	var images []packed
	for _, b := range p.binaries {
		one, err := p.image(b)
		if err != nil {
			return fmt.Errorf("%s: %w", b.file, err)
		}
		images = append(images, one)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: one.image, Descriptor: v1.Descriptor{Platform: &one.platform}})
	}
	index, ok := mutate.Annotations(index, p.labels()).(v1.ImageIndex)
	if !ok {
		return fmt.Errorf("annotating an index made a %T", index)
	}
	if err := p.writeLayout(reference, index, images); err != nil {
		return err
	}
	for _, one := range images {
		base := filepath.Join(p.out, "manager-"+one.platform.OS+"-"+one.platform.Architecture)
		if err := os.WriteFile(base+".spdx.json", one.sbom, 0o644); err != nil {
			return err
		}
		if err := tarball.WriteToFile(base+".tar", reference, one.image); err != nil {
			return err
		}
		if err := describe(log, base+".tar", one); err != nil {
			return err
		}
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.out, "digest"), []byte(digest.String()+"\n"), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(log, "%s@%s\n", reference, digest)
	return err
}

func describe(log io.Writer, path string, one packed) error {
	layers, err := one.image.Layers()
	if err != nil {
		return err
	}
	var compressed int64
	for _, l := range layers {
		size, err := l.Size()
		if err != nil {
			return err
		}
		compressed += size
	}
	digest, err := one.image.Digest()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(log, "%s: %s, %.1f MB to pull, %s\n", one.platform, digest, float64(compressed)/1e6, path)
	return err
}

// writeLayout writes the index, which is what a reader of the layout finds by its name, and beside it the SBOMs, each of which names
// the image it belongs to as its subject.
func (p *pack) writeLayout(reference name.Tag, index v1.ImageIndex, images []packed) error {
	dir := filepath.Join(p.out, "oci")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	named := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": reference.TagStr(), "io.containerd.image.name": reference.Name()})
	if err := path.AppendIndex(index, named); err != nil {
		return err
	}
	for _, one := range images {
		attached, err := attachment(one)
		if err != nil {
			return err
		}
		if err := path.AppendImage(attached); err != nil {
			return err
		}
	}
	return nil
}

// attachment is an SBOM as a manifest of its own.
func attachment(one packed) (v1.Image, error) {
	subject, err := partial.Descriptor(one.image)
	if err != nil {
		return nil, err
	}
	// A subject is named by these three alone.
	subject = &v1.Descriptor{MediaType: subject.MediaType, Size: subject.Size, Digest: subject.Digest}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), spdx)
	image, err = mutate.Append(image, mutate.Addendum{Layer: static.NewLayer(one.sbom, spdx), MediaType: spdx})
	if err != nil {
		return nil, err
	}
	attached, ok := mutate.Subject(image, *subject).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("an image with a subject is a %T", attached)
	}
	return attached, nil
}

// image packs one program.
func (p *pack) image(b binary) (packed, error) {
	platform, err := v1.ParsePlatform(b.platform)
	if err != nil {
		return packed{}, err
	}
	if err := checkStatic(b.file, platform); err != nil {
		return packed{}, err
	}
	program, err := os.ReadFile(b.file)
	if err != nil {
		return packed{}, err
	}
	sbom, err := p.sbom(b, program)
	if err != nil {
		return packed{}, err
	}
	// The files around the program do not get the program's time, so that their layer is the same in every version.
	around, err := layer(surroundings(), time.Unix(0, 0))
	if err != nil {
		return packed{}, err
	}
	manager, err := layer([]file{{path: "manager", mode: 0o755, content: program}}, p.created)
	if err != nil {
		return packed{}, err
	}
	config := &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant, Created: v1.Time{Time: p.created},
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint: []string{"/manager"}, User: fmt.Sprintf("%d:%d", user, user), WorkingDir: "/",
			Env: []string{"PATH=/"}, Labels: p.labels(),
			ExposedPorts: map[string]struct{}{"8443/tcp": {}, "9440/tcp": {}, "9443/tcp": {}},
		},
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return packed{}, err
	}
	image, err = mutate.Append(image,
		mutate.Addendum{Layer: around, History: p.history("certificates, users, directories")},
		mutate.Addendum{Layer: manager, History: p.history("/manager")})
	return packed{*platform, image, sbom}, err
}

func (p *pack) history(what string) v1.History {
	return v1.History{Created: v1.Time{Time: p.created}, CreatedBy: "image pack", Comment: what}
}

// checkStatic refuses a program that would not start in an image without a C library, or on another processor.
func checkStatic(path string, platform *v1.Platform) error {
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return err
	}
	if len(libraries) > 0 {
		return fmt.Errorf("is linked with %s, which the image does not have: build it with CGO_ENABLED=0", strings.Join(libraries, ", "))
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return err
	}
	for _, s := range info.Settings {
		if s.Key == "GOOS" && s.Value != platform.OS || s.Key == "GOARCH" && s.Value != platform.Architecture {
			return fmt.Errorf("was built with %s=%s and not for %s", s.Key, s.Value, platform)
		}
	}
	return nil
}

func (p *pack) labels() map[string]string {
	labels := map[string]string{
		"org.opencontainers.image.title":       "capaks",
		"org.opencontainers.image.description": "Cluster API provider for Azure Kubernetes Service: controllers and webhooks",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.created":     p.created.Format(time.RFC3339),
	}
	if p.version != "" {
		labels["org.opencontainers.image.version"] = p.version
	}
	if p.revision != "" {
		labels["org.opencontainers.image.revision"] = p.revision
	}
	return labels
}
