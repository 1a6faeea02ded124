package server_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/device"
	"github.com/chromedp/chromedp/kb"

	"secondwind/server"
)

// openPage shows the page in a real Chromium. The test's artifacts directory
// (go test -artifacts) keeps the pictures that picture takes.
func openPage(t *testing.T, cfg server.Config) (ctx context.Context, address string) {
	t.Helper()
	var found string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			found = path
			break
		}
	}
	if found == "" {
		t.Skip("no Chromium is installed: the page is not tried in a browser (Debian: apt install chromium)")
	}
	served := httptest.NewServer(newServer(t, cfg).Handler())
	t.Cleanup(served.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(found), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	do(t, ctx, chromedp.Navigate(served.URL))
	return ctx, served.URL
}

// do runs steps on the page.
func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatalf("%v", err)
	}
}

// shows waits until an element that can be seen has the text.
func shows(selector, text string) chromedp.Action[chromedp.Void] {
	seen := chromedp.Poll[bool](fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		return e !== null && e.checkVisibility() && (e.value ?? e.textContent).includes(%q);
	})()`, selector, text), chromedp.WithPollingTimeout(10*time.Second))
	return explained(seen, fmt.Sprintf("%s does not show %.60q", selector, text))
}

// has waits until the selector finds so many elements.
func has(selector string, count int) chromedp.Action[chromedp.Void] {
	found := chromedp.Poll[bool](fmt.Sprintf(`document.querySelectorAll(%q).length === %d`, selector, count),
		chromedp.WithPollingTimeout(10*time.Second))
	return explained(found, fmt.Sprintf("there are not %d of %s", count, selector))
}

func explained(action chromedp.Action[bool], fault string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := action(ctx, target); err != nil {
			return fmt.Errorf("%s: %w", fault, err)
		}
		return nil
	})
}

// evaluates returns what a JavaScript expression comes to.
func evaluates[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	return run(t, ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// run returns what one action finds out.
func run[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// command is a command of the browser's protocol that answers nothing.
func command[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

func picture(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	png := run(t, ctx, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPageByMouseAndKeyboard(t *testing.T) {
	ctx, _ := openPage(t, server.Config{})
	for _, key := range []string{"7", "×", "6", "equals"} {
		do(t, ctx, chromedp.Click(fmt.Sprintf("#keys [data-key=%q]", key)))
	}
	do(t, ctx, shows("#result", "42"),
		chromedp.Click(`#keys [data-key="clear"]`), shows("#expression", ""),
		chromedp.SendKeys("#expression", "2^10"+kb.Enter), shows("#result", "1024"),
		chromedp.SendKeys("#expression", kb.Escape+"10!"+kb.Enter), shows("#result", "3628800"))
	picture(t, ctx, "screen")
	do(t, ctx, chromedp.SendKeys("#expression", kb.Escape+kb.ArrowUp+kb.ArrowUp), shows("#expression", "2^10"),
		chromedp.SetValue("#precision", "10"), chromedp.SendKeys("#expression", kb.Escape+"sqrt(2)"+kb.Enter),
		shows("#result", "1.414213562"), shows("#kind", "rounded"))
}

func TestPageMarksWhatIsWrong(t *testing.T) {
	ctx, _ := openPage(t, server.Config{})
	do(t, ctx, chromedp.SendKeys("#expression", "1+(2*3"+kb.Enter), shows("#fault", "this parenthesis is not closed"))
	picture(t, ctx, "fault")
	if got := evaluates[string](t, ctx, `(() => { const e = document.activeElement;
		return [e.id, e.selectionStart, e.selectionEnd, e.ariaInvalid, e.getAttribute("aria-describedby")].join(" ");
	})()`); got != "expression 2 3 true hint fault" {
		t.Errorf("after a fault at character 3: %s, want it selected in the field, which is marked invalid and described by the fault", got)
	}
	do(t, ctx, chromedp.SendKeys("#expression", kb.Escape+"1+2"+kb.Enter), shows("#result", "3"))
	if evaluates[bool](t, ctx, `document.getElementById("fault").checkVisibility()`) {
		t.Error("the fault still shows after a right calculation")
	}
}

func TestPageFoldsLongResults(t *testing.T) {
	ctx, address := openPage(t, server.Config{})
	for _, permission := range []string{"clipboard-read", "clipboard-write"} {
		do(t, ctx, command(browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: permission}, Setting: browser.PermissionSettingGranted, Origin: address,
		}))
	}
	want := "1" + strings.Repeat("0", 300_000)
	do(t, ctx, chromedp.SendKeys("#expression", "10^300000"+kb.Enter), shows("#kind", "300,001 digits"), shows("#ends", "000…000"))
	picture(t, ctx, "folded")
	if evaluates[bool](t, ctx, `document.getElementById("whole").checkVisibility()`) {
		t.Error("a result of 300,001 digits is shown whole before it is unfolded")
	}
	do(t, ctx, chromedp.Click("#ends"), shows("#whole", want), chromedp.Click("#copy"), shows("#status", "Copied"))
	picture(t, ctx, "unfolded")
	if copied := evaluates[string](t, ctx, `navigator.clipboard.readText()`); copied != want {
		t.Errorf("copied %d characters %.20q, want the whole result", len(copied), copied)
	}
	downloads := t.TempDir()
	do(t, ctx, command(browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: downloads, EventsEnabled: new(true),
	}))
	completed := func(p browser.EventDownloadProgress) bool { return p.State == browser.DownloadProgressStateCompleted }
	progress := run(t, ctx, chromedp.WaitEvent(browser.DownloadProgress, completed, chromedp.Click("#download")))
	if file, err := os.ReadFile(filepath.Join(downloads, progress.GUID)); err != nil || string(file) != want+"\n" {
		t.Errorf("downloaded %d bytes, %v, want the whole result and a newline", len(file), err)
	}
}

func TestPageWithoutJavaScriptInABrowser(t *testing.T) {
	ctx, address := openPage(t, server.Config{})
	// By the keyboard: a click of chromedp waits for the button to stand still, by a script.
	do(t, ctx, command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}),
		chromedp.Navigate(address),
		chromedp.SendKeys("#expression", "2^5000"), chromedp.Focus(".primary"), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitReady("#folded:not([hidden])"))
	picture(t, ctx, "without-script")
	if kind := run(t, ctx, chromedp.Text("#kind")); kind != "1,506 digits" {
		t.Errorf("2^5000 without JavaScript is described as %q, want 1,506 digits", kind)
	}
	for _, needsScript := range []string{"#keys", "#copy"} {
		for _, property := range run(t, ctx, chromedp.ComputedStyle(needsScript, chromedp.NodeReady)) {
			if property.Name == "display" && property.Value != "none" {
				t.Errorf("%s is shown (%s), though it needs JavaScript", needsScript, property.Value)
			}
		}
	}
}

func TestPageOnAPhone(t *testing.T) {
	ctx, address := openPage(t, server.Config{})
	do(t, ctx, chromedp.Emulate(device.IPhoneSE), chromedp.Navigate(address),
		chromedp.SendKeys("#expression", "2^4000"), chromedp.Click(".primary"), shows("#kind", "1,205 digits"))
	picture(t, ctx, "phone")
	if wide := evaluates[int](t, ctx, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
		t.Errorf("the page is %d pixels wider than the phone", wide)
	}
	small := evaluates[[]string](t, ctx, `[...document.querySelectorAll("button, select, input, textarea")].filter((e) => e.checkVisibility()).
		filter((e) => { const box = e.getBoundingClientRect(); return box.width < 44 || box.height < 44; }).map((e) => e.outerHTML)`)
	if len(small) > 0 {
		t.Errorf("too small for a finger (under 44 pixels): %s", strings.Join(small, "\n"))
	}
}

// TestPageIsAccessible holds the page against WCAG 2.2 AA where a program can:
// contrast (1.4.3), names (4.1.2) and a focus that shows (2.4.7).
func TestPageIsAccessible(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			ctx, address := openPage(t, server.Config{})
			do(t, ctx, command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			}),
				chromedp.Navigate(address), chromedp.SendKeys("#expression", "1+"+kb.Enter), shows("#fault", "not the end"))
			script, err := os.ReadFile("testdata/accessible.js")
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range []string{"", "2" + kb.Enter} {
				if step != "" {
					do(t, ctx, chromedp.SendKeys("#expression", kb.End+step), shows("#result", "3"))
				}
				for _, fault := range evaluates[[]string](t, ctx, string(script)) {
					t.Errorf("%s", fault)
				}
			}
			picture(t, ctx, scheme)
			for range evaluates[int](t, ctx, `document.querySelectorAll("button, select, input, textarea").length`) {
				do(t, ctx, chromedp.KeyEvent(kb.Tab))
				if got := evaluates[string](t, ctx, `(() => { const e = document.activeElement, s = getComputedStyle(e);
					return e === document.body || s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 ? "" : e.outerHTML; })()`); got != "" {
					t.Errorf("the focus does not show on %s", got)
				}
			}
		})
	}
}

func TestPageAsksNobodyElse(t *testing.T) {
	ctx, address := openPage(t, server.Config{})
	var mutex sync.Mutex
	var asked, complaints []string
	err := chromedp.Listen(ctx, func(event any) {
		mutex.Lock()
		defer mutex.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			asked = append(asked, e.Request.URL)
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, e.ExceptionDetails.Text)
		case *cdplog.EventEntryAdded:
			complaints = append(complaints, e.Entry.Text+" "+e.Entry.URL)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	do(t, ctx, command(network.Enable, network.EnableParams{}), command(cdplog.Enable, cdp.Empty{}), chromedp.Navigate(address),
		chromedp.SendKeys("#expression", "6*7"+kb.Enter), shows("#result", "42"))
	mutex.Lock()
	defer mutex.Unlock()
	if len(complaints) > 0 {
		t.Errorf("the browser complains: %q", complaints)
	}
	if len(asked) < 4 {
		t.Errorf("the page asked only for %q, want itself, its script and style, and the calculation", asked)
	}
	for _, url := range asked {
		if !strings.HasPrefix(url, address+"/") {
			t.Errorf("the page asked for %s, outside of its server", url)
		}
		if strings.Contains(url, "6*7") || strings.Contains(url, "6%2A7") {
			t.Errorf("the calculation stands in the address %s, which proxies log", url)
		}
	}
}
