package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"runtime/debug"
	"time"
)

// The parts of SPDX 2.3 that describe a program and what was linked into it.
type document struct {
	Version           string         `json:"spdxVersion"`
	License           string         `json:"dataLicense"`
	ID                string         `json:"SPDXID"`
	Name              string         `json:"name"`
	DocumentNamespace string         `json:"documentNamespace"`
	CreationInfo      creationInfo   `json:"creationInfo"`
	Packages          []component    `json:"packages"`
	Relationships     []relationship `json:"relationships"`
}

type creationInfo struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type component struct {
	ID           string      `json:"SPDXID"`
	Name         string      `json:"name"`
	Version      string      `json:"versionInfo,omitempty"`
	Download     string      `json:"downloadLocation"`
	Analyzed     bool        `json:"filesAnalyzed"`
	Concluded    string      `json:"licenseConcluded"`
	Declared     string      `json:"licenseDeclared"`
	Copyright    string      `json:"copyrightText"`
	Purpose      string      `json:"primaryPackagePurpose,omitempty"`
	Checksums    []checksum  `json:"checksums,omitempty"`
	ExternalRefs []reference `json:"externalRefs,omitempty"`
	Comment      string      `json:"comment,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type reference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

const (
	unknown     = "NOASSERTION"
	programID   = "SPDXRef-Program"
	rootsModule = "golang.org/x/crypto/x509roots/fallback"
)

// sbom lists what is in an image: the program, every module linked into it as the linker wrote it down, the Go standard library, and
// the certificates. It is a function of the program and of the commit's time.
func (p *pack) sbom(b binary, program []byte) ([]byte, error) {
	info, err := buildinfo.ReadFile(b.file)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(program)
	digest := hex.EncodeToString(sum[:])
	main := modulePackage(&debug.Module{Path: info.Main.Path, Version: p.version})
	main.ID, main.Name, main.Purpose, main.Declared = programID, info.Path, "APPLICATION", "Apache-2.0"
	main.Checksums = []checksum{{"SHA256", digest}}
	doc := document{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: "capaks-manager " + b.platform,
		DocumentNamespace: "https://spdx.org/spdxdocs/capaks-manager-" + digest,
		CreationInfo:      creationInfo{p.created.Format(time.RFC3339), []string{"Tool: capaks-image"}},
		Packages:          []component{main},
		Relationships:     []relationship{{"SPDXRef-DOCUMENT", "DESCRIBES", programID}},
	}
	add := func(c component, kind string) {
		doc.Packages = append(doc.Packages, c)
		doc.Relationships = append(doc.Relationships, relationship{programID, kind, c.ID})
	}
	add(modulePackage(&debug.Module{Path: "stdlib", Version: info.GoVersion}), "STATIC_LINK")
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		add(modulePackage(module), "STATIC_LINK")
	}
	roots, err := rootsPackage()
	if err != nil {
		return nil, err
	}
	add(roots, "DEPENDS_ON")
	out, err := json.MarshalIndent(doc, "", "  ")
	return append(out, '\n'), err
}

var notForIDs = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

func modulePackage(module *debug.Module) component {
	c := component{
		ID: "SPDXRef-" + notForIDs.ReplaceAllString(module.Path, "-"), Name: module.Path, Version: module.Version,
		Download: unknown, Concluded: unknown, Declared: unknown, Copyright: unknown, Purpose: "LIBRARY",
	}
	if module.Sum != "" {
		c.Comment = "go.sum " + module.Sum
	}
	locator := "pkg:golang/" + module.Path
	if module.Version != "" {
		locator += "@" + module.Version
	}
	c.ExternalRefs = []reference{{"PACKAGE-MANAGER", "purl", locator}}
	return c
}

// rootsPackage is the module the certificates come from, in the version this very program was built with.
func rootsPackage() (component, error) {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, module := range info.Deps {
			if module.Path == rootsModule {
				c := modulePackage(module)
				c.Purpose, c.Comment = "FILE", "/etc/ssl/certs/ca-certificates.crt; "+c.Comment
				return c, nil
			}
		}
	}
	return component{}, fmt.Errorf("this program does not know which version of %s it was built with: build it in module mode", rootsModule)
}
