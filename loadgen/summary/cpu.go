package summary

import (
	"fmt"

	"secondwind/runlog"
)

// ServiceCPU is the CPU of the service, in percent, as it was seen now and then.
type ServiceCPU struct {
	Mean float64 `json:"mean"`
	Last float64 `json:"last"`
	Rate float64 `json:"rate"` // offered when it was seen last, in requests per second

	n float64 // times that it was seen
}

func (s *Summary) addServiceCPU(l *runlog.LoadSecond) {
	if l.ServiceCPU <= 0 {
		return
	}
	if s.ServiceCPU == nil {
		s.ServiceCPU = new(ServiceCPU)
	}
	c := s.ServiceCPU
	c.n++
	c.Mean += (l.ServiceCPU - c.Mean) / c.n
	c.Last, c.Rate = l.ServiceCPU, l.OfferedRate
}

// String is what was seen, as a row of a summary.
func (c ServiceCPU) String() string {
	return fmt.Sprintf("%.1f %% at %.1f requests/s in the end, %.1f %% on average", c.Last, c.Rate, c.Mean)
}
