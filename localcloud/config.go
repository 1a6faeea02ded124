package localcloud

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"secondwind/localcloud/cloud"
	"secondwind/localcloud/fleet"
)

// Region is the local cloud's only Region. Its name is none of AWS's, so that
// nobody takes a recorded answer for one of a real Region.
const Region = "local-1"

// AccountID is the local cloud's only account.
const AccountID = "000000000000"

// Config is what a cloud is started with. Images is all it needs.
type Config struct {
	Listen string // host:port of the API; "" means "127.0.0.1:0", a free port
	// Images maps an ImageId ("ami-…") to what an instance of it runs.
	Images        map[string]Image
	MetricsPeriod time.Duration // of published metrics: 10 s, 20 s, 30 s or n × 60 s; 0 means 60 s
	Dir           string        // of the instances' logs; "" discards them
	Log           *slog.Logger  // nil: discard
	Seed          uint64        // of ids that are made up, never of credentials
	// Report is told, in a sentence for people, of an instance that ended by itself or does not
	// become healthy, and why; nil: nobody wants to know. It must not call the cloud.
	Report     func(text string)
	EventDelay time.Duration // until CloudTrail shows a call; 0 means 1 s, where AWS takes minutes
}

// Image is what an ImageId stands for: a program on this machine.
type Image = cloud.Image

// Credentials sign the requests of one run.
type Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }

// withDefaults returns the configuration with defaults filled in, or every fault.
func (cfg Config) withDefaults() (Config, error) {
	cfg.Listen = cmp.Or(cfg.Listen, "127.0.0.1:0")
	cfg.MetricsPeriod = cmp.Or(cfg.MetricsPeriod, time.Minute)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	faults := []error{checkListen(cfg.Listen), cloud.ValidateMetricsPeriod(cfg.MetricsPeriod)}
	if cfg.EventDelay < 0 {
		faults = append(faults, fmt.Errorf("event delay %s: CloudTrail cannot show a call before it is made; give 0s or more", cfg.EventDelay))
	}
	if len(cfg.Images) == 0 {
		faults = append(faults, errors.New("no image: map at least one ImageId to a program, such as ami-calculator to bin/calculator"))
	}
	images := maps.Clone(cfg.Images)
	for _, id := range slices.Sorted(maps.Keys(images)) {
		image := images[id]
		program, err := checkProgram(id, image)
		faults = append(faults, err)
		image.Program = program
		images[id] = image
	}
	cfg.Images = images
	return cfg, errors.Join(faults...)
}

// checkListen refuses addresses that other machines can reach: whoever could
// sign would start processes here.
func checkListen(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listen address %q: %w; give host:port, such as 127.0.0.1:4566", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("listen address %q: the local cloud starts processes, so it listens on loopback only, such as 127.0.0.1:4566", address)
	}
	return nil
}

// checkProgram returns the path of an image's executable.
func checkProgram(imageID string, image Image) (string, error) {
	if !strings.HasPrefix(imageID, "ami-") {
		return "", fmt.Errorf("image %q: an ImageId begins with \"ami-\"", imageID)
	}
	if image.Program == "" {
		return "", fmt.Errorf("image %s: no program; name the executable that its instances run", imageID)
	}
	path, err := fleet.FindProgram(image.Dir, image.Program)
	if err != nil {
		return "", fmt.Errorf("image %s: %w", imageID, err)
	}
	return path, nil
}
