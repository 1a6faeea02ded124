package client

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// direct is a socket whose reads and writes are system calls that Go's scheduler is not told
// of. They never wait, so it need not be; and each that it is told of wakes its monitor thread,
// if that sleeps, which it does whenever a load generator waits for the next request or for an
// answer: at 1,000 requests per second that thread took a third of the CPU time.
//
// It is for one reader and one writer at a time.
type direct struct {
	net.Conn
	raw       syscall.RawConn
	in, out   transfer
	readable  func(fd uintptr) bool // in's, made once
	writeable func(fd uintptr) bool // out's
}

// transfer is a read or a write under way.
type transfer struct {
	call  uintptr // number of the system call
	flags uintptr
	bytes []byte
	n     int
	errno syscall.Errno
}

// directly returns the connection as a direct one, if it is a socket.
func directly(conn net.Conn) net.Conn {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return conn
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return conn // it is closed, which whoever uses it finds out
	}
	d := &direct{Conn: conn, raw: raw}
	d.in.call, d.out.call, d.out.flags = syscall.SYS_RECVFROM, syscall.SYS_SENDTO, syscall.MSG_NOSIGNAL
	d.readable, d.writeable = d.in.try, d.out.try
	return d
}

// try makes the system call; it reports false if it has to wait.
func (t *transfer) try(fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall6(t.call, fd, uintptr(unsafe.Pointer(&t.bytes[0])), uintptr(len(t.bytes)), t.flags, 0, 0)
		if errno != syscall.EINTR {
			t.n, t.errno = int(n), errno
			return errno != syscall.EAGAIN
		}
	}
}

// SyscallConn implements syscall.Conn.
func (d *direct) SyscallConn() (syscall.RawConn, error) { return d.raw, nil }

// Read implements io.Reader.
func (d *direct) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	d.in.bytes = p
	err := d.raw.Read(d.readable)
	d.in.bytes = nil
	switch {
	case err != nil:
		return 0, err
	case d.in.errno != 0:
		return 0, os.NewSyscallError("recvfrom", d.in.errno)
	case d.in.n == 0:
		return 0, io.EOF
	}
	return d.in.n, nil
}

// Write implements io.Writer.
func (d *direct) Write(p []byte) (int, error) { return d.write(p, 0) }

// WriteMore writes what more follows on at once, so that both can go out together.
func (d *direct) WriteMore(p []byte) (int, error) { return d.write(p, syscall.MSG_MORE) }

func (d *direct) write(p []byte, flags uintptr) (written int, err error) {
	d.out.flags = syscall.MSG_NOSIGNAL | flags
	for written < len(p) {
		d.out.bytes = p[written:]
		err := d.raw.Write(d.writeable)
		d.out.bytes = nil
		if err != nil {
			return written, err
		}
		if d.out.errno != 0 {
			return written, os.NewSyscallError("sendto", d.out.errno)
		}
		written += d.out.n
	}
	return written, nil
}
