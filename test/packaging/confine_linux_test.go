package packaging

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// What a container engine does to a process with the Deployment's security context, as far as the manager can notice it.
const (
	nonroot        = 65532
	noNewPrivs     = 38 // PR_SET_NO_NEW_PRIVS
	parentDeathSig = 1  // PR_SET_PDEATHSIG
)

// mounted is where the Deployment mounts the certificate of the webhooks; the other files a cluster gives a pod are put beside it.
const mounted = "/tmp/k8s-webhook-server"

// becomeManager replaces this process by the manager of the image: root is its root and read-only, it runs as the image's user
// without any capability, and of the machine's files it sees those that a pod would have mounted. Where the machine does not
// permit that, it is the same program with the machine's files. It does not return.
func becomeManager(root string) {
	runtime.LockOSThread() // a namespace belongs to a thread
	args, env := os.Args, os.Environ()
	path := filepath.Join(root, "manager")
	err := confine(root, &args, &env)
	switch {
	case err == nil:
		path = "/manager"
	case errors.Is(err, errNotPermitted):
		fmt.Fprintln(os.Stderr, "not confined:", err)
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, path, syscall.Exec(path, args, env))
	os.Exit(1)
}

var errNotPermitted = errors.New("this machine does not let us make mounts of our own")

func confine(root string, args, env *[]string) error {
	if os.Geteuid() != 0 || syscall.Unshare(syscall.CLONE_NEWNS) != nil {
		return errNotPermitted
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return errNotPermitted
	}
	if err := mountAll(root, args, env); err != nil {
		return err
	}
	if err := syscall.Chroot(root); err != nil {
		return fmt.Errorf("chroot: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := syscall.Setgroups(nil); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	if err := syscall.Setgid(nonroot); err != nil {
		return fmt.Errorf("setgid: %w", err)
	}
	if err := syscall.Setuid(nonroot); err != nil { // without root go all capabilities
		return fmt.Errorf("setuid: %w", err)
	}
	if err := prctl(noNewPrivs, 1); err != nil {
		return err
	}
	if os.Getenv("CAPAKS_SANDBOX_DIR") == "" {
		return nil
	}
	return prctl(parentDeathSig, uintptr(syscall.SIGKILL)) // what the sandbox asked for ended with the change of the user
}

func prctl(option, value uintptr) error {
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRCTL, option, value, 0, 0, 0, 0); errno != 0 {
		return fmt.Errorf("prctl %d: %w", option, errno)
	}
	return nil
}

// mountAll makes the root a mount of its own, gives it /proc and what a pod has mounted, and makes it read-only.
func mountAll(root string, args, env *[]string) error {
	if err := syscall.Mount(root, root, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s: %w", root, err)
	}
	proc, volume := filepath.Join(root, "proc"), filepath.Join(root, "tmp")
	if err := os.MkdirAll(proc, 0o555); err != nil {
		return err
	}
	if err := syscall.Mount("/proc", proc, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := syscall.Mount("tmpfs", volume, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount a volume: %w", err)
	}
	if err := fillVolume(root, args, env); err != nil {
		return err
	}
	for _, path := range []string{volume, root} {
		if err := syscall.Mount("", path, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("make %s read-only: %w", path, err)
		}
	}
	return nil
}

// fillVolume copies the files that arguments and environment name, and names the copies instead. Webhook certificates need no
// naming: they are where the manager looks for them.
func fillVolume(root string, args, env *[]string) error {
	changed := []string{(*args)[0]}
	for _, arg := range (*args)[1:] {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "--kubeconfig":
			if err := give(root, value, mounted+"/kubeconfig"); err != nil {
				return err
			}
			changed = append(changed, name+"="+mounted+"/kubeconfig")
		case "--webhook-cert-dir":
			for _, file := range []string{"tls.crt", "tls.key"} {
				if err := give(root, filepath.Join(value, file), mounted+"/serving-certs/"+file); err != nil {
					return err
				}
			}
		default:
			changed = append(changed, arg)
		}
	}
	*args = changed
	variables := []string{}
	for _, v := range *env {
		if ca, found := strings.CutPrefix(v, "SSL_CERT_FILE="); found {
			if err := give(root, ca, mounted+"/ca.crt"); err != nil {
				return err
			}
			v = "SSL_CERT_FILE=" + mounted + "/ca.crt"
		}
		variables = append(variables, v)
	}
	*env = variables
	return nil
}

// give copies a file into the root, for the user of the image to read.
func give(root, from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	path := filepath.Join(root, to)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, raw, 0o400); err != nil {
		return err
	}
	return os.Chown(path, nonroot, nonroot)
}
