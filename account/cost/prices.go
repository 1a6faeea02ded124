package cost

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"secondwind/textfile"
)

// BuiltIn is the table that Default parses, to be copied and changed.
//
//go:embed prices.json
var BuiltIn []byte

// Prices are list prices in USD.
type Prices struct {
	Version    int               `json:"version"` // 1
	Date       string            `json:"date"`    // of the prices, 2006-01-02
	Source     string            `json:"source"`
	Verify     string            `json:"verify"` // how far they can be trusted
	Regions    map[string]Region `json:"regions"`
	Everywhere Everywhere        `json:"everywhere"`
}

// Region are the prices that differ between Regions.
type Region struct {
	InstanceHour     map[string]float64 `json:"instance_hour"` // on-demand, Linux, by type
	GP3GBMonth       float64            `json:"gp3_gb_month"`
	LoadBalancerHour float64            `json:"load_balancer_hour"`
	LCUHour          float64            `json:"lcu_hour"`
	S3GBMonth        float64            `json:"s3_gb_month"`
}

// Everywhere are the prices that are the same in all Regions of the table, or
// differ by less than the estimate does.
type Everywhere struct {
	SurplusVCPUHour    float64 `json:"surplus_credit_vcpu_hour"`
	SurplusVCPUHourT4g float64 `json:"surplus_credit_vcpu_hour_t4g"`
	AlarmMonth         float64 `json:"alarm_month"`
	MetricMonth        float64 `json:"metric_month"` // one metric of detailed monitoring
	MetricDataPer1000  float64 `json:"metric_data_per_1000"`
	RequestPer1000     float64 `json:"api_request_per_1000"`
	DashboardMonth     float64 `json:"dashboard_month"`
	KeyMonth           float64 `json:"key_month"`
	KeyRequestPer10000 float64 `json:"key_request_per_10000"`
	S3RequestPer1000   float64 `json:"s3_request_per_1000"`
	EmailPer100000     float64 `json:"email_per_100000"`
	PublicIPv4Hour     float64 `json:"public_ipv4_hour"`
	TransferOutGB      float64 `json:"transfer_out_gb"`
}

// Default returns the built-in table.
func Default() Prices {
	p, err := ParsePrices(BuiltIn)
	if err != nil {
		panic(fmt.Sprintf("the built-in prices: %v", err)) // a test reads them
	}
	return p
}

// ReadPrices reads a table of the user's own, in the form of BuiltIn.
func ReadPrices(ctx context.Context, path string) (Prices, error) {
	data, err := textfile.Read(ctx, path)
	if err != nil {
		return Prices{}, fmt.Errorf("read the prices: %w; `secondwind cost --print-prices` prints a table to start from", err)
	}
	p, err := ParsePrices(data)
	return p, textfile.In(path, err)
}

// ParsePrices reads a table. Its error names every fault.
func ParsePrices(data []byte) (Prices, error) {
	var p Prices
	if err := textfile.JSON(data, &p); err != nil {
		return Prices{}, fmt.Errorf("not a table of prices: %w", err)
	}
	return p, p.validate()
}

func (p Prices) validate() error {
	var faults []error
	if p.Version != 1 {
		faults = append(faults, fmt.Errorf("version: %d is not known; 1 is", p.Version))
	}
	if _, err := time.Parse(time.DateOnly, p.Date); err != nil {
		faults = append(faults, fmt.Errorf("date: %q is not a day such as 2025-07-01", p.Date))
	}
	if p.Source == "" {
		faults = append(faults, errors.New("source: missing; name where the prices are from"))
	}
	if len(p.Regions) == 0 {
		faults = append(faults, errors.New("regions: none"))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Regions)) {
		r := p.Regions[name]
		faults = append(faults, pricesIn("regions."+name, r)...)
		if len(r.InstanceHour) == 0 {
			faults = append(faults, fmt.Errorf("regions.%s.instance_hour: no instance type", name))
		}
		for _, t := range slices.Sorted(maps.Keys(r.InstanceHour)) {
			faults = append(faults, price("regions."+name+".instance_hour."+t, r.InstanceHour[t]))
		}
	}
	return errors.Join(append(faults, pricesIn("everywhere", p.Everywhere)...)...)
}

// pricesIn checks every number of a part of the table.
func pricesIn(name string, part any) (faults []error) {
	for i := range reflect.TypeOf(part).NumField() {
		if value := reflect.ValueOf(part).Field(i); value.CanFloat() {
			faults = append(faults, price(name+"."+reflect.TypeOf(part).Field(i).Tag.Get("json"), value.Float()))
		}
	}
	return faults
}

// price refuses a value that cannot be a price; one that was left out is 0.
func price(name string, v float64) error {
	if v <= 0 || v > 1000 {
		return fmt.Errorf("%s: %g is not a price between 0 and 1000 USD", name, v)
	}
	return nil
}

// find returns a Region's prices and its price for an instance type. Its error
// names what the table knows.
func (p Prices) find(region, instanceType string) (Region, float64, error) {
	r, ok := p.Regions[region]
	if !ok {
		return r, 0, unknown(fmt.Sprintf("there are no prices for Region %q", region), p.Regions)
	}
	hour, ok := r.InstanceHour[instanceType]
	if !ok {
		return r, 0, unknown(fmt.Sprintf("there is no price for instance type %q in %s", instanceType, region), r.InstanceHour)
	}
	return r, hour, nil
}

// unknown is the error for a name that a part of the table does not have.
func unknown[V any](what string, known map[string]V) error {
	names := strings.Join(slices.Sorted(maps.Keys(known)), ", ")
	return fmt.Errorf("%s: choose one of %s, or pass your own table with --prices", what, names)
}
