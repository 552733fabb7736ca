package page_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for the browser.
const patience = 30 * time.Second

// browser drives a headless Chromium over a pair of pipes: no port, no library, nothing to download. It speaks the
// few words of the DevTools protocol the tests need.
type browser struct {
	t       *testing.T
	in      *os.File
	session string

	mu       sync.Mutex
	last     int
	waiting  map[int]chan reply
	problems []string // console errors and exceptions of the page
}

type reply struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// openBrowser starts Chromium on an empty page. keyHash names the one certificate it accepts without a known CA.
func openBrowser(t *testing.T, keyHash string) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("there is no chromium, chromium-browser or google-chrome on PATH")
	}
	profile := t.TempDir()
	cmd := exec.Command(program, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-dev-shm-usage", "--disable-breakpad",
		"--disable-crash-reporter", "--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-extensions", "--disable-default-apps", "--hide-scrollbars", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"--ignore-certificate-errors-spki-list="+keyHash, "--user-data-dir="+profile, "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+profile, "XDG_CONFIG_HOME="+profile, "XDG_CACHE_HOME="+profile)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // one signal ends it with all its helpers
	theirs, in := pipe(t)
	out, theirOut := pipe(t)
	cmd.ExtraFiles = []*os.File{theirs, theirOut} // descriptors 3 and 4, as --remote-debugging-pipe wants them
	stderr, theirErr := pipe(t)
	cmd.Stderr = theirErr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _, _ = theirs.Close(), theirOut.Close(), theirErr.Close()
	gone := make(chan string, 1)
	go func() {
		said, _ := io.ReadAll(stderr)
		gone <- string(said)
	}()
	b := &browser{t: t, in: in, waiting: map[int]chan reply{}}
	t.Cleanup(func() { b.end(cmd, gone) })
	go b.listen(out)
	var target struct{ TargetID, SessionID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.session = target.SessionID
	for _, domain := range []string{"Runtime", "Log", "Page"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}

// end leaves no process behind, and waits for that: they would go on writing into the profile. All of them hold the
// standard error, so its end is theirs.
func (b *browser) end(cmd *exec.Cmd, gone <-chan string) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Wait()
	select {
	case said := <-gone:
		if b.t.Failed() {
			b.t.Logf("the browser said:\n%s", said)
		}
	case <-time.After(patience):
		b.t.Error("the browser does not end")
	}
}

func (b *browser) listen(out *os.File) {
	messages := bufio.NewReader(out)
	for {
		raw, err := messages.ReadBytes(0)
		if err != nil {
			return
		}
		var r reply
		if json.Unmarshal(raw[:len(raw)-1], &r) != nil {
			continue
		}
		b.mu.Lock()
		if c := b.waiting[r.ID]; c != nil {
			c <- r
			delete(b.waiting, r.ID)
		} else {
			b.event(r)
		}
		b.mu.Unlock()
	}
}

func (b *browser) event(r reply) {
	var p struct {
		Type  string `json:"type"`
		Entry struct{ Level, Text, URL string }
	}
	_ = json.Unmarshal(r.Params, &p)
	switch {
	case r.Method == "Runtime.exceptionThrown", r.Method == "Runtime.consoleAPICalled" && (p.Type == "error" || p.Type == "warning"):
		b.problems = append(b.problems, string(r.Params))
	case r.Method == "Log.entryAdded" && (p.Entry.Level == "error" || p.Entry.Level == "warning"):
		b.problems = append(b.problems, p.Entry.Level+": "+p.Entry.Text+" "+p.Entry.URL)
	}
}

// call sends one command and decodes its result.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	answer := make(chan reply, 1)
	b.mu.Lock()
	b.last++
	id := b.last
	b.waiting[id] = answer
	b.mu.Unlock()
	if params == nil {
		params = struct{}{}
	}
	raw, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params, "sessionId": b.session})
	if b.session == "" {
		raw, err = json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(raw, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	select {
	case r := <-answer:
		if r.Error != nil {
			b.t.Fatalf("%s: %s", method, r.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(r.Result, result); err != nil {
				b.t.Fatalf("%s answered %s: %v", method, r.Result, err)
			}
		}
	case <-time.After(2 * patience):
		b.t.Fatalf("%s: no answer from the browser", method)
	}
}

// eval evaluates an expression in the page, waiting for it when it is a promise.
func (b *browser) eval(expression string, into any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true}, &r)
	if e := r.ExceptionDetails; e != nil {
		b.t.Fatalf("%s\n%s: %s", expression, e.Text, e.Exception.Description)
	}
	if into != nil {
		if err := json.Unmarshal(r.Result.Value, into); err != nil {
			b.t.Fatalf("%s is %s: %v", expression, r.Result.Value, err)
		}
	}
}

// wait returns as soon as a condition holds in the page; the page's own changes wake it.
func (b *browser) wait(condition string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`new Promise((yes, no) => {
	  let watch, late;
	  const check = () => { if (!(%s)) return false; watch.disconnect(); clearTimeout(late); yes(); return true; };
	  watch = new MutationObserver(check);
	  if (check()) return;
	  watch.observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
	  late = setTimeout(() => { watch.disconnect(); no(new Error('not seen; the page says:\n' + document.body.innerText)); }, %d);
	})`, condition, patience.Milliseconds()), nil)
}

// open loads a page in a window of a size.
func (b *browser) open(url string, width, height int) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	b.wait(`document.body?.dataset.ready === 'true'`)
}

// shoot writes what is seen to the output folder ($OUT, or out/ of the repository).
func (b *browser) shoot(name, scheme string) {
	b.t.Helper()
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	folder := os.Getenv("OUT")
	if folder == "" {
		folder = filepath.Join("..", "..", "out")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// quiet fails the test if the page has complained about anything.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.t.Error("the browser's console: " + p)
	}
}
