package probe

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"secondwind/loadgen/mix"
)

// candidates are what may name the instance, of all answers that were seen.
type candidates struct {
	instance string // which is asked, if that is known
	values   map[mix.Identity][]string
	answers  int
	sticky   string
}

// see takes up an answer.
func (c *candidates) see(a Answer) {
	c.answers++
	if c.values == nil {
		c.values = map[mix.Identity][]string{}
	}
	for name := range a.Header {
		if name != "Set-Cookie" {
			c.add(mix.Identity{Header: name}, a.Header.Get(name))
		}
	}
	for _, cookie := range (&http.Response{Header: a.Header}).Cookies() {
		if stickiness.MatchString(cookie.Name) {
			c.sticky = cookie.Name
		} else {
			c.add(mix.Identity{Cookie: cookie.Name}, cookie.Value)
		}
	}
	var document any
	if json.Unmarshal(a.Body, &document) == nil {
		c.walk("", document)
	}
}

// stickiness matches the cookies by which load balancers bind a client to an instance. Source:
// Elastic Load Balancing User Guide, "Sticky sessions"; HAProxy's and nginx's usual names.
var stickiness = regexp.MustCompile(`^(AWSALB|AWSALBCORS|AWSALBAPP-\d+|AWSALBTG|AWSALBTGCORS|AWSELB|AWSELBCORS|SERVERID|route)$`)

// walk adds the texts of a JSON document by their paths.
func (c *candidates) walk(path string, value any) {
	switch v := value.(type) {
	case string:
		if path != "" {
			c.add(mix.Identity{JSON: path}, v)
		}
	case map[string]any:
		for name, member := range v {
			if name != "" && !strings.Contains(name, ".") { // what a path can name
				c.walk(strings.TrimPrefix(path+"."+name, "."), member)
			}
		}
	case []any:
		for i, element := range v[:min(len(v), 3)] {
			c.walk(strings.TrimPrefix(path+"."+strconv.Itoa(i), "."), element)
		}
	}
}

func (c *candidates) add(by mix.Identity, value string) { c.values[by] = append(c.values[by], value) }

// instanceID is what EC2 calls an instance.
var instanceID = regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`)

// isInstance tells whether a value is the id of an instance.
func (c *candidates) isInstance(value string) bool {
	if c.instance != "" {
		return value == c.instance
	}
	return instanceID.MatchString(value)
}

// inEvery are the candidates that every answer has, those that are used most first.
func (c *candidates) inEvery() []mix.Identity {
	all := slices.DeleteFunc(slices.Collect(maps.Keys(c.values)), func(by mix.Identity) bool { return len(c.values[by]) != c.answers })
	rank := func(by mix.Identity) int {
		switch {
		case by == mix.Calculator:
			return 0
		case by.Header != "":
			return 1
		case by.Cookie != "":
			return 2
		}
		return 3
	}
	slices.SortFunc(all, func(a, b mix.Identity) int {
		return cmp.Or(rank(a)-rank(b), strings.Compare(a.Header+a.Cookie+a.JSON, b.Header+b.Cookie+b.JSON))
	})
	return all
}

// identity names an instance by its id in every answer.
func (c *candidates) identity() mix.Identity {
	for _, by := range c.inEvery() {
		if !slices.ContainsFunc(c.values[by], func(value string) bool { return !c.isInstance(value) }) {
			return by
		}
	}
	return mix.Identity{}
}

// telling matches names of what may tell servers apart.
var telling = regexp.MustCompile(`(?i)instance|served|server.?(id|name)|backend|host|node|pod|container|upstream|machine|replica`)

// similar are what seems to name a server, but not by the id of an instance.
func (c *candidates) similar() (found []Named) {
	for _, by := range c.inEvery() {
		values := c.values[by]
		last := values[len(values)-1]
		if telling.MatchString(by.Header+by.Cookie+by.JSON) && last != "" && !c.isInstance(last) {
			found = append(found, Named{by, last})
		}
	}
	return found
}
