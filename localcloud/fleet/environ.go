package fleet

import (
	"os"
	"slices"
	"strconv"
)

// inherited names what an instance gets of this process's environment: what a
// program needs to run at all, and nothing that could lead it to the AWS
// credentials of whoever runs the fleet.
func inherited() []string {
	return []string{
		"PATH", "HOME", "TMPDIR", "LANG", "TZ",
		// Windows programs find their DLLs, temporary files and home by these.
		"SystemRoot", "SystemDrive", "ComSpec", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "LOCALAPPDATA", "APPDATA",
	}
}

// environ is the environment of an instance; later entries win over earlier ones.
func environ(p *process, spec Spec, metadataEndpoint, endpoint string) []string {
	var env []string
	for _, k := range inherited() {
		if v, ok := os.LookupEnv(k); ok {
			env = append(env, k+"="+v)
		}
	}
	env = append(env,
		"AWS_EC2_METADATA_SERVICE_ENDPOINT="+metadataEndpoint,
		"AWS_REGION="+spec.Region,
		// An instance has no ~/.aws: without these, HOME would lead an SDK to the user's own.
		"AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
		"AWS_CONFIG_FILE="+os.DevNull,
		// What a Go program would see on an instance with this many vCPUs.
		"GOMAXPROCS="+strconv.Itoa(p.VCPUs),
	)
	if endpoint != "" {
		env = append(env, "AWS_ENDPOINT_URL="+endpoint)
	}
	return slices.Concat(env, expand(spec.Env, placeholders(p)))
}
