// Command fakeprovider stands in for the Terraform provider hashicorp/aws where
// that cannot be downloaded: it knows the arguments of every resource and checks
// their values, but has no AWS behind it. With it, init, validate and test under
// mock_provider run; a plan or an apply is refused.
//
// The real provider may still refuse what it passes, so the same checks run with
// the real one wherever that can be reached.
//
// Terraform starts a new provider process for every step. With -reattach it prints what
// Terraform needs in TF_REATTACH_PROVIDERS to use this one process, and serves any
// number of Terraforms until its standard input ends.
package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
)

//go:embed schema.json
var schemaJSON []byte

func main() {
	var options []tf5server.ServeOpt
	if slices.Contains(os.Args[1:], "-reattach") {
		options = append(options, tf5server.WithManagedDebug())
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // whatever ends it, the parent is gone
			os.Exit(0)
		}()
	}
	provider, err := newFake(schemaJSON)
	if err == nil {
		err = tf5server.Serve("registry.terraform.io/hashicorp/aws", func() tfprotov5.ProviderServer { return provider }, options...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fakeprovider:", err)
		os.Exit(1)
	}
}
