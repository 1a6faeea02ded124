package awsapi

import (
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/encoding/cbor"

	"secondwind/localcloud/awsapi/ec2shapes"
	"secondwind/localcloud/awsapi/internal/strict"
)

// shapeFor returns the shape of T in a service.
func shapeFor[T any](tb testing.TB, s Service) *shape {
	tb.Helper()
	shaper, err := newShaper(s)
	if err != nil {
		tb.Fatal(err)
	}
	made, err := shaper.shapeOf(reflect.TypeFor[T]())
	if err != nil {
		tb.Fatal(err)
	}
	return made
}

// decodeForm decodes a form into a T.
func decodeForm[T any](s *shape, flat bool, query string) (*T, []string, error) {
	f, err := parseForm(query)
	if err != nil {
		return nil, nil, err
	}
	in := new(T)
	err = formDecoder{flat: flat}.decode(s, f.root, reflect.ValueOf(in).Elem(), "", "")
	return in, f.unused(), err
}

// decodeBody decodes a JSON or CBOR body into a T.
func decodeBody[T any](s *shape, parse func([]byte) (any, error), body []byte) (*T, error) {
	document, err := parse(body)
	if err != nil {
		return nil, err
	}
	in := new(T)
	return in, new(documentDecoder).decode(s, document, reflect.ValueOf(in).Elem(), "")
}

func TestFormsOfEC2AreFlat(t *testing.T) {
	s := shapeFor[ec2shapes.DescribeInstancesInput](t, EC2)
	got, unused, err := decodeForm[ec2shapes.DescribeInstancesInput](s, true,
		"InstanceId.1=i-1&InstanceId.10=i-3&InstanceId.2=i-2&Filter.1.Name=tag%3Aa+b&Filter.1.Value.1=x&MaxResults=5&InstanceIds.1=wrong")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"i-1", "i-2", "i-3"}; !slices.Equal(got.InstanceIds, want) {
		t.Errorf("InstanceIds = %v, want %v in the order of their numbers", got.InstanceIds, want)
	}
	if len(got.Filters) != 1 || aws.ToString(got.Filters[0].Name) != "tag:a b" || !slices.Equal(got.Filters[0].Values, []string{"x"}) {
		t.Errorf("Filters = %+v, want tag:a b = [x]", got.Filters)
	}
	if want := []string{"InstanceIds.1"}; !slices.Equal(unused, want) {
		t.Errorf("unused = %v, want %v", unused, want)
	}
}

func TestFormsDecodeMaps(t *testing.T) {
	s := shapeFor[elasticloadbalancingv2.CreateRuleInput](t, ELBv2)
	got, unused, err := decodeForm[elasticloadbalancingv2.CreateRuleInput](s, false,
		"Actions.member.1.AuthenticateOidcConfig.AuthenticationRequestExtraParams.entry.1.key=a&"+
			"Actions.member.1.AuthenticateOidcConfig.AuthenticationRequestExtraParams.entry.1.value=b%26c")
	if err != nil || len(unused) > 0 {
		t.Fatalf("decode: %v, unused %v", err, unused)
	}
	want := map[string]string{"a": "b&c"}
	sent := &elbtypes.AuthenticateOidcActionConfig{AuthenticationRequestExtraParams: want}
	if d := strict.Diff(sent, got.Actions[0].AuthenticateOidcConfig); d != "" {
		t.Error(d)
	}
}

func TestFormsAreRefused(t *testing.T) {
	s := shapeFor[cloudwatch.PutMetricDataInput](t, CloudWatch)
	for _, tt := range []struct{ name, query, want string }{
		{"a percent sign that encodes nothing", "Namespace=%zz", "Namespace"},
		{"a parameter that is given twice", "Namespace=a&Namespace=b", "given twice"},
		{
			"a key of a map that is given twice",
			"EntityMetricData.member.1.Entity.Attributes.entry.1.key=a&EntityMetricData.member.1.Entity.Attributes.entry.1.value=b&" +
				"EntityMetricData.member.1.Entity.Attributes.entry.2.key=a&EntityMetricData.member.1.Entity.Attributes.entry.2.value=c",
			`key "a" is given twice`,
		},
		{"a name that is nested too deep", strings.Repeat("a.", maxDepth) + "b=1", "nested"},
		{"a list that is too long", repeated("MetricData.member.", ".MetricName=a", maxList+1), "at most"},
		{"a number that is none", "MetricData.member.1.Value=ten", "MetricData.member.1.Value"},
		{"a number that is too large", "MetricData.member.1.StorageResolution=2147483648", "32 bits"},
		{"a boolean that is none", "StrictEntityValidation=yes", "true or false"},
		{"a time that is none", "MetricData.member.1.Timestamp=yesterday", "ISO 8601"},
		{"a value where a structure is due", "MetricData.member.1.MetricName.x=1", "a value is expected"},
		{"a map entry without a value", "EntityMetricData.member.1.Entity.Attributes.entry.1.key=a", "key and value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := decodeForm[cloudwatch.PutMetricDataInput](s, false, tt.query)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one that says %q", err, tt.want)
			}
		})
	}
}

// repeated joins n parameters numbered from 1.
func repeated(before, after string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("&" + before + strconv.Itoa(i+1) + after)
	}
	return b.String()
}

// TestFormsMayHaveManyParameters: url.ParseQuery stops at 10,000, and a full
// PutMetricData has more.
func TestFormsMayHaveManyParameters(t *testing.T) {
	s := shapeFor[cloudwatch.PutMetricDataInput](t, CloudWatch)
	query := repeated("MetricData.member.", ".MetricName=a", 9000) + repeated("MetricData.member.", ".Value=1.5", 9000)
	got, unused, err := decodeForm[cloudwatch.PutMetricDataInput](s, false, query)
	if err != nil || len(unused) > 0 || len(got.MetricData) != 9000 || *got.MetricData[8999].Value != 1.5 {
		t.Errorf("decode = %d data, unused %d, %v, want 9000 data", len(got.MetricData), len(unused), err)
	}
}

func TestAnEmptyListIsNotAMissingOne(t *testing.T) {
	s := shapeFor[autoscaling.DescribeAutoScalingGroupsInput](t, AutoScaling)
	for query, empty := range map[string]bool{"AutoScalingGroupNames=": true, "": false} {
		got, unused, err := decodeForm[autoscaling.DescribeAutoScalingGroupsInput](s, false, query)
		if err != nil || len(unused) > 0 || (got.AutoScalingGroupNames != nil) != empty {
			t.Errorf("decode(%q) = %#v, unused %v, %v, want an empty list: %t", query, got.AutoScalingGroupNames, unused, err, empty)
		}
	}
}

func TestDocumentsAreRefused(t *testing.T) {
	s := shapeFor[cloudwatch.PutMetricAlarmInput](t, CloudWatch)
	for _, tt := range []struct{ name, body, want string }{
		{"a list as the body", `[]`, "a structure is expected here, not a list"},
		{"more than one value", `{} {}`, "goes on"},
		{"a structure as a list", `{"AlarmActions":{}}`, "parameter AlarmActions: a list is expected"},
		{"null in a list", `{"AlarmActions":[null]}`, "AlarmActions[0]: a list must not contain null"},
		{"a string as an integer", `{"Period":"60"}`, "Period: an integer is expected here, not a string"},
		{"a fraction as an integer", `{"Period":60.5}`, "60.5 is not an integer"},
		{"an integer that is too large", `{"Period":2147483648}`, "does not fit"},
		{"a word as a number", `{"Threshold":"ten"}`, "not a number"},
		{"a number as a string", `{"AlarmName":1}`, "AlarmName: a string is expected here, not a number"},
		{"a number as a boolean", `{"ActionsEnabled":1}`, "a boolean is expected"},
		{"two members of a union", `{"EvaluationWindow":{"SlidingWindow":{},"WallClockWindow":{}}}`, "only one member"},
		{"nesting that is too deep", `{"x":` + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1) + `}`, "nested more than"},
		{"a list that is too long", `{"AlarmActions":["a"` + strings.Repeat(`,"a"`, maxList) + `]}`, "at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decodeBody[cloudwatch.PutMetricAlarmInput](s, parseJSON, []byte(tt.body))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one that says %q", err, tt.want)
			}
			var input *inputError
			if errors.As(err, &input) && input.Unwrap() == nil {
				t.Error("the error has no cause")
			}
		})
	}
}

func TestCBORIsRefused(t *testing.T) {
	s := shapeFor[cloudwatch.PutMetricDataInput](t, CloudWatch)
	for _, tt := range []struct{ name, hex, want string }{
		{"a body that is cut off", "a1", "not CBOR"},
		{"a tag that is no timestamp", "a16178c001", "tag 0"},
		{"a timestamp without a number", "a16178c16178", "timestamp"},
		{"an infinite timestamp", "a16178c1fb7ff0000000000000", "epoch seconds"},
		{"an integer beyond 64 bits", "a161781bffffffffffffffff", "integer"},
		{"nesting that is too deep", "a16178" + strings.Repeat("81", maxDepth+1) + "00", "nested"},
		{"a blob as a string", "a1694e616d65737061636541ff", "Namespace: a string is expected here, not a blob"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			_, err = decodeBody[cloudwatch.PutMetricDataInput](s, parseCBOR, body)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one that says %q", err, tt.want)
			}
		})
	}
}

func TestFormatFloat(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", 1: "1.0", -20: "-20.0", 0.1: "0.1", 1e20: "100000000000000000000.0", 1e21: "1e+21", 1e-7: "1e-07",
		math.Inf(1): "Infinity", math.Inf(-1): "-Infinity",
	} {
		if got := formatFloat(f, 64); got != want {
			t.Errorf("formatFloat(%v) = %q, want %q", f, got, want)
		}
	}
	if got := formatFloat(math.NaN(), 64); got != "NaN" {
		t.Errorf("formatFloat(NaN) = %q, want NaN", got)
	}
}

// TestEpochKeepsMilliseconds: clients multiply by 1000 and cut off, so that a
// float just below a millisecond would lose it.
func TestEpochKeepsMilliseconds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		want := time.UnixMilli(random.Int64N(4e12)).UTC() // 1970 to 2096
		if got := int64(toEpoch(want) * 1e3); got != want.UnixMilli() {
			t.Errorf("toEpoch(%v) is read as %d ms, want %d", want, got, want.UnixMilli())
		}
		if got, err := fromEpoch(toEpoch(want)); err != nil || !got.Equal(want) {
			t.Errorf("fromEpoch(toEpoch(%v)) = %v, %v", want, got, err)
		}
	}
}

func TestEmptyListsAreWritten(t *testing.T) {
	alarms := shapeFor[cloudwatch.DescribeAlarmsOutput](t, CloudWatch)
	out := &cloudwatch.DescribeAlarmsOutput{MetricAlarms: []cwtypes.MetricAlarm{{AlarmName: aws.String("a"), Threshold: aws.Float64(20)}}}
	v := reflect.ValueOf(out)
	json := string(appendJSON(nil, alarms, v))
	for _, want := range []string{`"CompositeAlarms":[]`, `"Dimensions":[]`, `"Threshold":20.0`, `"AlarmName":"a"`} {
		if !strings.Contains(json, want) {
			t.Errorf("JSON = %s, want %s", json, want)
		}
	}
	if strings.Contains(json, "StateValue") || strings.Contains(json, "NextToken") {
		t.Errorf("JSON = %s, want no empty enum and no nil pointer", json)
	}
	w := &xmlWriter{item: "member"}
	w.content(alarms, v, "")
	if x := w.b.String(); !strings.Contains(x, "<CompositeAlarms></CompositeAlarms>") || !strings.Contains(x, "<Threshold>20.0</Threshold>") {
		t.Errorf("XML = %s, want an empty element for the nil list and a float with a fraction", x)
	}
	if m := toCBOR(alarms, v).(cbor.Map); m["CompositeAlarms"] == nil || m["NextToken"] != nil {
		t.Errorf("CBOR = %v, want an empty list and no nil pointer", m)
	}
}

// FuzzForm checks that no form makes the decoder panic, that every parameter is
// either used or reported, and that what was decoded can be encoded.
func FuzzForm(f *testing.F) {
	f.Add(
		"Namespace=a&MetricData.member.1.MetricName=x&MetricData.member.1.Timestamp=2026-01-02T03:04:05Z&MetricData.member.1.Values.member.1=1e3",
	)
	f.Add(
		"MetricData=&EntityMetricData.member.1.Entity.KeyAttributes.entry.1.key=k&EntityMetricData.member.1.Entity.KeyAttributes.entry.1.value=v",
	)
	f.Add("MetricData.member.0.Value=NaN&MetricData.member.-1=x&=&.=&a..b=1&%41=%42")
	s := shapeFor[cloudwatch.PutMetricDataInput](f, CloudWatch)
	f.Fuzz(func(t *testing.T, query string) {
		parsed, err := parseForm(query)
		if err != nil {
			return
		}
		given := len(parsed.unused()) // nothing is used yet
		in, unused, err := decodeForm[cloudwatch.PutMetricDataInput](s, false, query)
		if err != nil {
			return
		}
		if len(unused) > given {
			t.Errorf("%d of %d parameters are unused", len(unused), given)
		}
		if again, err := decodeBody[cloudwatch.PutMetricDataInput](s, parseJSON, appendJSON(nil, s, reflect.ValueOf(in))); err != nil {
			t.Errorf("%+v cannot be decoded from its own JSON: %v", again, err)
		}
	})
}

// fuzzBody checks that decoding and encoding reach a fixed point.
func fuzzBody(f *testing.F, parse func([]byte) (any, error), encode func(*shape, reflect.Value) []byte) {
	s := shapeFor[cloudwatch.PutMetricDataInput](f, CloudWatch)
	text := func(in *cloudwatch.PutMetricDataInput) string { return string(appendJSON(nil, s, reflect.ValueOf(in))) }
	f.Fuzz(func(t *testing.T, body []byte) {
		first, err := decodeBody[cloudwatch.PutMetricDataInput](s, parse, body)
		if err != nil {
			return
		}
		second, err := decodeBody[cloudwatch.PutMetricDataInput](s, parse, encode(s, reflect.ValueOf(first)))
		if err != nil {
			t.Fatalf("%s cannot be decoded again: %v", text(first), err)
		}
		if text(first) != text(second) {
			t.Errorf("%s became %s", text(first), text(second))
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add(
		[]byte(
			`{"Namespace":"a","MetricData":[{"MetricName":"x","Timestamp":1767225600.123,"Value":"NaN","Values":[1,2.5e3],"StorageResolution":1}]}`,
		),
	)
	f.Add(
		[]byte(
			`{"EntityMetricData":[{"Entity":{"Attributes":{"a":"b"}},"MetricData":null}],"StrictEntityValidation":true,` +
				`"MetricData":[{"Timestamp":"2026-01-02T03:04:05Z"}]}`,
		),
	)
	fuzzBody(f, parseJSON, func(s *shape, v reflect.Value) []byte { return appendJSON(nil, s, v) })
}

func FuzzCBOR(f *testing.F) {
	f.Add(cbor.Encode(cbor.Map{"Namespace": cbor.String("a"), "MetricData": cbor.List{cbor.Map{
		"Timestamp": &cbor.Tag{ID: epochTag, Value: cbor.Float64(1767225600.123)}, "Value": cbor.Float32(1), "StorageResolution": cbor.NegInt(1),
	}}}))
	f.Add([]byte("\xbf\x69Namespace\x7f\x61a\xff\x6aMetricData\x9f\xff\xff"))
	fuzzBody(f, parseCBOR, func(s *shape, v reflect.Value) []byte { return cbor.Encode(toCBOR(s, v)) })
}

// FuzzXML checks that any text comes back from the XML it is written into.
func FuzzXML(f *testing.F) {
	f.Add(`<&>"' é ☃ ]]>`)
	f.Add("\r\n\t  a\x00\xff")
	s := shapeFor[sts.GetCallerIdentityOutput](f, STS)
	f.Fuzz(func(t *testing.T, text string) {
		w := &xmlWriter{item: "member"}
		w.open("Result", `http://example.com/"`)
		w.content(s, reflect.ValueOf(&sts.GetCallerIdentityOutput{Account: &text}), "")
		w.close("Result")
		var got struct{ Account string }
		decoder := xml.NewDecoder(&w.b)
		if err := decoder.Decode(&got); err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("the XML of %q is malformed: %v", text, err)
		}
		if want := xmlText(text); got.Account != want {
			t.Errorf("%q came back as %q, want %q", text, got.Account, want)
		}
	})
}

// xmlText replaces what XML 1.0 has no form for.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= ' ' && r <= 0xd7ff, r >= 0xe000 && r <= 0xfffd, r >= 0x10000:
			return r
		}
		return utf8.RuneError
	}, s)
}

func BenchmarkDecodePutMetricData(b *testing.B) {
	s := shapeFor[cloudwatch.PutMetricDataInput](b, CloudWatch)
	data := make([]cwtypes.MetricDatum, 100)
	for i := range data {
		data[i] = cwtypes.MetricDatum{MetricName: aws.String("CPUUtilization"), Value: aws.Float64(float64(i)),
			Timestamp:  aws.Time(time.Unix(1767225600, 0)),
			Dimensions: []cwtypes.Dimension{{Name: aws.String("InstanceId"), Value: aws.String("i-0123456789abcdef0")}}}
	}
	v := reflect.ValueOf(&cloudwatch.PutMetricDataInput{Namespace: aws.String("AWS/EC2"), MetricData: data})
	for name, body := range map[string][]byte{"CBOR": cbor.Encode(toCBOR(s, v)), "JSON": appendJSON(nil, s, v)} {
		parse := map[string]func([]byte) (any, error){"CBOR": parseCBOR, "JSON": parseJSON}[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := decodeBody[cloudwatch.PutMetricDataInput](s, parse, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
