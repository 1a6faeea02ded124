// Package contexts has functions that do not pass on their context.
package contexts

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
)

func begins(ctx context.Context) {
	_ = context.Background() // want `Background is called where there is a context: pass it on`
	go func() {
		_ = context.TODO() // want `TODO is called`
	}()
}

func handles(_ http.ResponseWriter, r *http.Request) {
	_, _ = http.NewRequest(http.MethodGet, "", nil) // want `NewRequest is called where there is a context: call NewRequestWithContext`
	slog.Info("a line needs none")
}

func calls(ctx context.Context, d *net.Dialer) {
	_ = exec.Command("true")                  // want `call CommandContext`
	_, _ = d.Dial("tcp", "")                  // want `call DialContext`
	_, _ = d.DialContext(ctx, "tcp", "")      // as it should be
	_ = exec.CommandContext(ctx, "true")      // as it should be
	signal.Notify(make(chan os.Signal, 1))    // NotifyContext is something else
	_ = context.WithoutCancel(ctx)            // as it should be
	_ = func(f func(string)) { f("a value") } // nothing is known of it
}

func hasNone() {
	_ = context.Background()
	_ = exec.Command("true")
	_ = func(ctx context.Context) {
		_ = exec.Command("true") // want `call CommandContext`
	}
}
