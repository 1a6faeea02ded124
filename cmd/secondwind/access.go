package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/pflag"

	"secondwind/loadgen/client"
)

// accessFlags are the flags of how a server is reached.
func accessFlags(f *pflag.FlagSet, a *client.Access) {
	*a = client.DefaultAccess
	f.StringVar(&a.HTTP, "http", a.HTTP, "`version` of HTTP: 1.1, or 2, which without TLS the server has to expect (h2c)")
	f.DurationVar(&a.ConnectionAge, "connection-age", a.ConnectionAge,
		"when another connection takes a connection's place, so that new instances get their share")
	f.DurationVar(&a.DNSInterval, "dns-interval", a.DNSInterval, "how often the addresses of the server's name are looked up")
	f.StringVar(&a.UnixSocket, "unix-socket", "", "`path` of a socket to connect to, whatever the host of the URL")
	f.StringVar(&a.TLS.RootCerts, "root-certs", "", "`file` of certificates to trust instead of the system's")
	f.StringVar(&a.TLS.Cert, "cert", "", "`file` of the client's certificate")
	f.StringVar(&a.TLS.Key, "key", "", "`file` of the key of --cert")
	f.BoolVar(&a.TLS.Insecure, "insecure", false, "trust every certificate of the server")
}

// accessOptions are an access to a server. Its error is in terms of accessFlags.
func accessOptions(a client.Access, server *url.URL) (client.Options, error) {
	var wrong []error
	check := func(ok bool, key, format string, args ...any) {
		if !ok {
			name := strings.ReplaceAll(strings.TrimPrefix(key, "tls."), "_", "-")
			text := strings.ReplaceAll(fmt.Sprintf(format, args...), "root_certs", "--root-certs")
			wrong = append(wrong, fmt.Errorf("--%s %s", name, text))
		}
	}
	a.Faults(check)
	if t := a.TLS; server.Scheme != "https" {
		for key, given := range map[string]bool{"root_certs": t.RootCerts != "", "cert": t.Cert != "", "insecure": t.Insecure} {
			check(!given, key, "is of TLS, and %s is not an https URL; give an https URL, or leave the flag out", server)
		}
	}
	if wrong != nil {
		return client.Options{}, errors.Join(wrong...)
	}
	o := a.Options(check)
	return o, errors.Join(wrong...)
}
