package sandbox

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// helperVariable makes this test binary behave as an `up` that holds one component; its value is the sandbox's directory.
const helperVariable = "CAPAKS_TEST_HOLD_COMPONENT_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperVariable); dir != "" {
		l := layout{dir}
		if err := l.create(); err != nil {
			panic(err)
		}
		p, err := start(command{name: Manager, path: "/bin/sh", args: []string{"-c", "sleep 60"}, env: baseEnv()}, l, false)
		if err != nil {
			panic(err)
		}
		fmt.Println(p.id.PID)
		<-p.done
		return
	}
	os.Exit(m.Run())
}

// An `up` that is killed outright cannot clean up; its components must end all the same.
func TestComponentsDieWithTheirSandbox(t *testing.T) {
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), helperVariable+"="+t.TempDir())
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	component, ok := identify(pid)
	if !ok {
		t.Fatalf("the component (%d) does not run", pid)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait() // "signal: killed" is what we want
	if !gone(10*time.Second, []Identity{component}) {
		t.Errorf("the component outlives its sandbox: %v", stop(0, component))
	}
}
