// Command fakeprovider stands in for the Terraform provider hashicorp/aws where
// that cannot be downloaded: it knows the arguments of every resource and checks
// their values, but has no AWS behind it. With it, init, validate and test under
// mock_provider run; a plan or an apply is refused.
//
// What it passes the real provider may still refuse, so that the same checks run
// with the real one wherever it can be reached.
package main

import (
	_ "embed"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
)

//go:embed schema.json
var schemaJSON []byte

func main() {
	provider, err := newFake(schemaJSON)
	if err == nil {
		err = tf5server.Serve("registry.terraform.io/hashicorp/aws", func() tfprotov5.ProviderServer { return provider })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fakeprovider:", err)
		os.Exit(1)
	}
}
