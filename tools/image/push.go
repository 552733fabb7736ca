package main

import (
	"context"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// push sends what pack wrote: the index under the given name, then the SBOMs, which registries find by the digest of the image they
// belong to.
func push(ctx context.Context, dir, to string, log io.Writer) error {
	reference, err := name.NewTag(to, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("%w; want HOST/PATH/NAME:TAG", err)
	}
	stored, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return err
	}
	manifest, err := stored.IndexManifest()
	if err != nil {
		return err
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	var index *v1.Hash
	for _, d := range manifest.Manifests {
		if d.MediaType.IsIndex() {
			image, err := stored.ImageIndex(d.Digest)
			if err != nil {
				return err
			}
			if err := remote.WriteIndex(reference, image, options...); err != nil {
				return err
			}
			index = &d.Digest
			continue
		}
		attached, err := stored.Image(d.Digest)
		if err != nil {
			return err
		}
		if err := remote.Write(reference.Context().Digest(d.Digest.String()), attached, options...); err != nil {
			return err
		}
	}
	if index == nil {
		return fmt.Errorf("%s holds no image index: `image pack` writes one", dir)
	}
	_, err = fmt.Fprintf(log, "%s@%s\n", reference, index)
	return err
}
