package fleet

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	psnet "github.com/shirou/gopsutil/v4/net"
	psutil "github.com/shirou/gopsutil/v4/process"
)

// giveAddress is what to do about a program that does not listen where it is to.
const giveAddress = "see that it takes where to listen from {port}, {host} and {port}, or {address} in its command or its environment"

// Explain says why an instance cannot serve, or a second one beside it could not, as far as the
// operating system shows it: how it ended, or where its processes listen instead. "" is
// that nothing stands out.
func (f *Fleet) Explain(id string) string {
	p, err := f.find(id)
	if err != nil {
		return ""
	}
	p.mu.Lock()
	exit, ended := p.exit, p.ended
	p.mu.Unlock()
	switch {
	case exit != nil:
		return exit.Error()
	case ended:
		return ""
	}
	if text := p.misplaced(listening(p.PID)); text != "" {
		return fmt.Sprintf("instance %s %s", id, text)
	}
	return ""
}

// misplaced says what is wrong with where an instance listens; "" if nothing is.
func (p *process) misplaced(at []netip.AddrPort) string {
	want := netip.MustParseAddrPort(p.Address) // of claim, which makes no other addresses
	open := func(a netip.AddrPort) bool { return a.Addr().IsUnspecified() && a.Port() == want.Port() }
	switch {
	case len(at) == 0:
		text := "listens nowhere yet"
		if line := p.log.lastLine(); line != "" {
			text += "; last line of its log: " + line
		}
		return text
	case slices.Contains(at, want), p.ownPort && slices.ContainsFunc(at, open):
		return ""
	case slices.ContainsFunc(at, open):
		return fmt.Sprintf("listens on every address (%s) instead of %s alone, so that no second instance can on this machine; "+
			"make it listen on {host}, or give it {port} without {host}, which is another port for each instance", listed(at), want)
	}
	return fmt.Sprintf("listens on %s, not on %s; %s", listed(at), want, giveAddress)
}

func listed(at []netip.AddrPort) string {
	var texts []string
	for _, a := range at {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, " and ")
}

// listening are the TCP addresses that a process and its living descendants listen on. Of those
// that the system does not show there are none.
func listening(pid int) (at []netip.AddrPort) {
	connections, _ := psnet.ConnectionsPid("tcp", int32(pid))
	for _, c := range connections {
		if a, err := netip.ParseAddrPort(net.JoinHostPort(c.Laddr.IP, strconv.Itoa(int(c.Laddr.Port)))); c.Status == "LISTEN" && err == nil {
			at = append(at, netip.AddrPortFrom(a.Addr().Unmap(), a.Port()))
		}
	}
	if p, err := psutil.NewProcess(int32(pid)); err == nil {
		children, _ := p.Children()
		for _, c := range children {
			at = append(at, listening(int(c.Pid))...)
		}
	}
	slices.SortFunc(at, netip.AddrPort.Compare)
	return slices.Compact(at)
}

// inUse is how programs word it that something listens already where they want to.
var inUse = []string{"address already in use", "eaddrinuse", "address in use", "only one usage of each socket address"}

// hint is what to do about the last line of a program that has ended; "" if nothing is known.
func hint(lastLine string) string {
	if slices.ContainsFunc(inUse, func(text string) bool { return strings.Contains(strings.ToLower(lastLine), text) }) {
		return "; another instance or program listens there: " + giveAddress
	}
	return ""
}
