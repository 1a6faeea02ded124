package awsapi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	smithytime "github.com/aws/smithy-go/time"
)

// parseScalar parses the text of a form value or of a JSON string.
func parseScalar(s *shape, value string, dst reflect.Value) error {
	switch s.kind {
	case text:
		dst.SetString(value)
	case boolean:
		yes := strings.EqualFold(value, "true")
		if !yes && !strings.EqualFold(value, "false") {
			return fmt.Errorf("%.40q is not a boolean: write true or false", value)
		}
		dst.SetBool(yes)
	case integer:
		n, err := strconv.ParseInt(value, 10, dst.Type().Bits())
		if err != nil {
			return fmt.Errorf("%.40q is not an integer of %d bits", value, dst.Type().Bits())
		}
		dst.SetInt(n)
	case float:
		f, err := strconv.ParseFloat(value, dst.Type().Bits())
		if err != nil {
			return fmt.Errorf("%.40q is not a number", value)
		}
		dst.SetFloat(f)
	case timestamp:
		t, err := smithytime.ParseDateTime(value)
		if err != nil {
			return fmt.Errorf("%.40q is not a timestamp of ISO 8601, such as 2026-01-02T15:04:05Z", value)
		}
		dst.Set(reflect.ValueOf(t.UTC()))
	case blob:
		b, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return errors.New("not base64")
		}
		dst.SetBytes(b)
	case structure, list, mapping, union:
		return errors.New("a structure is expected here, not a value")
	}
	return nil
}

// formatScalar is the text of a value in XML.
func formatScalar(s *shape, v reflect.Value) string {
	// What has members is no scalar.
	//exhaustive:ignore
	switch s.kind {
	case text:
		return v.String()
	case boolean:
		return strconv.FormatBool(v.Bool())
	case integer:
		return strconv.FormatInt(v.Int(), 10)
	case float:
		return formatFloat(v.Float(), v.Type().Bits())
	case timestamp:
		return v.Interface().(time.Time).UTC().Format("2006-01-02T15:04:05.000Z")
	default:
		return base64.StdEncoding.EncodeToString(v.Bytes())
	}
}

// formatFloat always shows that the number is not an integer, as AWS does;
// Python clients would otherwise read an int.
func formatFloat(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	s := strconv.FormatFloat(f, format, -1, bits)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// epochLimit bounds timestamps in epoch seconds to the years that a time.Time
// can write in four digits.
const epochLimit = 253402300800 // 10000-01-01T00:00:00Z

// fromEpoch turns epoch seconds into a time, rounded to the milliseconds that
// AWS timestamps have.
func fromEpoch(seconds float64) (time.Time, error) {
	if !(math.Abs(seconds) < epochLimit) { // NaN too
		return time.Time{}, fmt.Errorf("%v is not a timestamp in epoch seconds", seconds)
	}
	return time.UnixMilli(int64(math.Round(seconds * 1e3))).UTC(), nil
}

// toEpoch turns a time into epoch seconds. Clients get the milliseconds back by
// multiplying and cutting off, so a product that falls short is nudged up.
func toEpoch(t time.Time) float64 {
	milli := t.UnixMilli()
	seconds := float64(milli) / 1e3
	if int64(seconds*1e3) < milli {
		seconds = math.Nextafter(seconds, math.Inf(1))
	}
	return seconds
}
