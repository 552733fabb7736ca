// Command image makes container images of the manager, and sends them to a registry, without a container engine: an image is two
// archives of files and a few documents. It must not build programs: it packs what it is given.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

const usage = `usage:
  image pack --binary linux/amd64=FILE [--binary linux/arm64=FILE] --name REFERENCE [--version V] [--revision COMMIT] [--created TIME] --out DIR
      writes DIR/oci (an OCI layout with all platforms and their SBOMs), and for each platform a tarball for "docker load" and its SBOM
  image push --layout DIR/oci REFERENCE
      sends the layout to a registry, with the credentials of "docker login"
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("no command\n" + usage)
	}
	switch args[0] {
	case "pack":
		return runPack(args[1:])
	case "push":
		return runPush(ctx, args[1:])
	}
	return fmt.Errorf("no command is called %q\n%s", args[0], usage)
}

func runPack(args []string) error {
	var p pack
	var created string
	fs := flag.NewFlagSet("pack", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // what is wrong is in the error
	fs.Func("binary", "platform=file; may be given several times", func(value string) error {
		platform, file, found := strings.Cut(value, "=")
		if !found {
			return errors.New("want PLATFORM=FILE, for example linux/amd64=bin/manager")
		}
		p.binaries = append(p.binaries, binary{platform, file})
		return nil
	})
	fs.StringVar(&p.name, "name", "", "reference of the image")
	fs.StringVar(&p.version, "version", "", "version of what is in it")
	fs.StringVar(&p.revision, "revision", "", "commit it was built from")
	fs.StringVar(&created, "created", os.Getenv("SOURCE_DATE_EPOCH"), "time of that commit: RFC 3339 or seconds since 1970; default SOURCE_DATE_EPOCH")
	fs.StringVar(&p.out, "out", "", "directory to write to")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if p.name == "" || p.out == "" || len(p.binaries) == 0 || fs.NArg() > 0 {
		return errors.New("--binary, --name and --out are needed, and nothing else\n" + usage)
	}
	var err error
	if p.created, err = parseTime(created); err != nil {
		return err
	}
	return p.write(os.Stdout)
}

// parseTime takes the present for nothing: an image whose time nobody gave is not reproducible, and must not pretend to be.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, errors.New("--created is needed: the time of the commit, so that the same commit gives the same image")
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--created: %q is neither RFC 3339 nor seconds since 1970", text)
	}
	return t.UTC(), nil
}

func runPush(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("push", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	layout := fs.String("layout", "", "OCI layout to send")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *layout == "" || fs.NArg() != 1 {
		return errors.New("--layout and one reference are needed\n" + usage)
	}
	return push(ctx, *layout, fs.Arg(0), os.Stdout)
}
