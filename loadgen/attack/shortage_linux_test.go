package attack

import (
	"errors"
	"net"
	"net/http"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"secondwind/loadgen/client"
	"secondwind/runlog"
)

// TestWithoutFileDescriptorsTheScheduleIsKept takes all of them away from this process.
func TestWithoutFileDescriptorsTheScheduleIsKept(t *testing.T) {
	url := serving(t, func(http.ResponseWriter, *http.Request) {}, false, nil)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 3
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
	}()
	failsAsOne(t, runlog.NoFileError, fault{url: url})
}

// TestWithoutPortsTheScheduleIsKept allows sockets one port, which another connection has.
func TestWithoutPortsTheScheduleIsKept(t *testing.T) {
	url := serving(t, func(http.ResponseWriter, *http.Request) {}, false, nil)
	port := 0
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		_ = raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_LOCAL_PORT_RANGE, port<<16|port)
		})
		return err
	}}
	first, err := net.Dial("tcp", url[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	port = first.LocalAddr().(*net.TCPAddr).Port
	if _, err := dialer.Dial("tcp", url[len("http://"):]); errors.Is(err, syscall.ENOPROTOOPT) {
		t.Skip("skipped: this kernel cannot bound the ports of a socket (IP_LOCAL_PORT_RANGE, Linux 6.3), so that none can be lacking")
	}
	failsAsOne(t, runlog.NoPortError, fault{url, client.Options{Dial: dialer.DialContext}})
}
