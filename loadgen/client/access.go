package client

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"time"
)

// Access is how a server is reached, as a scenario or flags give it. DefaultAccess has the
// defaults; the zero value has faults.
type Access struct {
	// HTTP is the version that is spoken, 1.1 or 2. Version 2 is agreed upon by TLS (ALPN), and
	// without TLS taken for granted (h2c with prior knowledge).
	HTTP          string        `yaml:"http"`
	ConnectionAge time.Duration `yaml:"connection_age"` // Options.MaxAge
	DNSInterval   time.Duration `yaml:"dns_interval"`   // Options.LookUpAgain
	Streams       int           `yaml:"streams"`        // Options.Streams
	UnixSocket    string        `yaml:"unix_socket"`    // Options.UnixSocket
	TLS           TLS           `yaml:"tls"`
}

// TLS names files in PEM. The zero value trusts whom the system trusts.
type TLS struct {
	RootCerts string `yaml:"root_certs"` // certificates to trust instead of the system's
	Cert      string `yaml:"cert"`       // the client's certificate, and those that lead to a root's
	Key       string `yaml:"key"`        // of Cert
	Insecure  bool   `yaml:"insecure"`   // trusts every certificate
}

// The versions of HTTP.
const (
	HTTP1 = "1.1"
	HTTP2 = "2"
)

// DefaultAccess reaches a server by TCP and HTTP/1.1.
var DefaultAccess = Access{HTTP: HTTP1, ConnectionAge: defaultMaxAge, Streams: mostStreams}

// mostStreams is how many streams servers commonly allow, and the least they are advised to
// (RFC 9113, section 6.5.2).
const mostStreams = 100

// The bounds of what an access may ask for.
const (
	leastAge         = time.Millisecond
	leastDNSInterval = 100 * time.Millisecond // resolvers are shared
	longest          = 366 * 24 * time.Hour
)

// longestSocket is how many bytes of a Unix socket's path fit into an address on every system.
const longestSocket = 103

// Check reports a fault of a key where something is not ok.
type Check = func(ok bool, key, format string, args ...any)

// Faults checks the values, without a look at the files.
func (a Access) Faults(check Check) {
	check(a.HTTP == HTTP1 || a.HTTP == HTTP2, "http", "is %q; give %s or %s", a.HTTP, HTTP1, HTTP2)
	check(a.ConnectionAge >= leastAge && a.ConnectionAge <= longest, "connection_age",
		"is %s; give %s to a year, for instance 2s", a.ConnectionAge, leastAge)
	check(a.DNSInterval == 0 || a.DNSInterval >= leastDNSInterval && a.DNSInterval <= longest, "dns_interval",
		"is %s; give %s to a year, for instance 30s, or 0s for the TTL of the name", a.DNSInterval, leastDNSInterval)
	check(a.Streams >= 1 && a.Streams <= 1000, "streams", "is %d; give 1 to 1000 requests over one connection of HTTP/2", a.Streams)
	check(len(a.UnixSocket) <= longestSocket, "unix_socket",
		"is %q, which is too long for a socket; give at most %d bytes", a.UnixSocket, longestSocket)
	check(a.TLS.Cert == "" || a.TLS.Key != "", "tls.cert", "is given without its key; give both")
	check(a.TLS.Key == "" || a.TLS.Cert != "", "tls.key", "is given without its certificate; give both")
	check(!a.TLS.Insecure || a.TLS.RootCerts == "", "tls.insecure", "trusts every server, and given root certificates only some; keep one")
}

// In returns the access whose files are relative to a folder.
func (a Access) In(dir string) Access {
	for _, name := range []*string{&a.UnixSocket, &a.TLS.RootCerts, &a.TLS.Cert, &a.TLS.Key} {
		if *name != "" && !filepath.IsAbs(*name) {
			*name = filepath.Join(dir, *name)
		}
	}
	return a
}

// Options reads the files of an access without Faults, and reports what is wrong with them.
func (a Access) Options(read func(name string) ([]byte, error), check Check) Options {
	o := Options{MaxAge: a.ConnectionAge, LookUpAgain: a.DNSInterval, HTTP2: a.HTTP == HTTP2, Streams: a.Streams, UnixSocket: a.UnixSocket}
	if a.UnixSocket != "" {
		info, err := os.Stat(a.UnixSocket)
		check(err == nil, "unix_socket", "is %q, which cannot be used: %v", a.UnixSocket, err)
		check(err != nil || info.Mode()&os.ModeSocket != 0, "unix_socket", "is %q, which is no socket", a.UnixSocket)
	}
	o.TLS = &tls.Config{InsecureSkipVerify: a.TLS.Insecure}
	pem := func(key, name string) []byte {
		if name == "" {
			return nil
		}
		text, err := read(name)
		check(err == nil, key, "is %q, which cannot be read: %v", name, err)
		return text
	}
	if text := pem("tls.root_certs", a.TLS.RootCerts); text != nil {
		o.TLS.RootCAs = x509.NewCertPool()
		check(o.TLS.RootCAs.AppendCertsFromPEM(text), "tls.root_certs", "is %q, which has no certificate in PEM", a.TLS.RootCerts)
	}
	if cert, key := pem("tls.cert", a.TLS.Cert), pem("tls.key", a.TLS.Key); cert != nil && key != nil {
		pair, err := tls.X509KeyPair(cert, key)
		check(err == nil, "tls.cert", "is %q with the key %q, which cannot be used: %v", a.TLS.Cert, a.TLS.Key, err)
		o.TLS.Certificates = []tls.Certificate{pair}
	}
	return o
}
