package history_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"secondwind/server/history"
)

func ExampleHistory() {
	folder, err := os.MkdirTemp("", "history")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	h, err := history.New(history.Config{Store: "sqlite:" + filepath.Join(folder, "history.db")})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	ended := make(chan error)
	go func() { ended <- h.Run(ctx) }()

	for ctx.Err() == nil && h.Ready(ctx) != nil {
		// A server would go on without a history meanwhile.
	}
	const user = "a random cookie"
	_ = h.Add(ctx, &history.Addition{user, history.Entry{Expression: "6*7", Result: "42"}})
	entries, err := h.List(ctx, user, history.Query{Search: "6*"})
	for _, e := range entries {
		fmt.Println(e.Expression, "=", e.Result, err)
	}
	fmt.Println(h.DeleteAll(ctx, user))
	stop()
	fmt.Println(<-ended)
	// Output:
	// 6*7 = 42 <nil>
	// <nil>
	// <nil>
}
