package profile

import (
	"testing"
	"time"
)

func TestARiseIsSteepAboveHalfAsMuchAgainInFiveMinutes(t *testing.T) {
	for text, want := range map[string]*Rise{
		"constant:150":              nil,
		"constant:500":              {0, 500, time.Second, time.Second},
		"ramp:10..150/1s":           nil, // a load that no load balancer has to grow for
		"ramp:10..200/5m":           {0, 200, 5 * time.Minute, 5 * time.Minute},
		"steps:150,200,300,600/5m":  {300, 600, 15*time.Minute + time.Second, time.Second},
		"steps:150,200,250,300/5m":  nil,
		"steps:150,300,1000,10/10m": {300, 1000, 20*time.Minute + time.Second, time.Second},
		"sine:50..150@1m/10m":       nil,
		"spike:120..900@1m+1m/9m":   {0, 900, time.Minute + time.Second, time.Minute + time.Second},
		"ramp:1000..0/1m":           {0, 992, time.Second, time.Second},
	} {
		got, ok := Steep(Until(mustParse(t, text), time.Hour))
		if want == nil && ok || want != nil && (!ok || got.Within != want.Within || got.At != want.At || got.From != want.From ||
			got.To < want.To*0.99 || got.To > want.To) {
			t.Errorf("Steep(%s) = %+v, %v; want %+v", text, got, ok, want)
		}
	}
	if got, ok := Steep(Until(Constant(120), 1000*24*time.Hour)); ok {
		t.Errorf("Steep() of a thousand days = %+v, want none", got)
	}
}
