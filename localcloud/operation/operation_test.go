package operation_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/localcloud/operation"
)

var pages = operation.Paging{DefaultSize: 3, MaxSize: 4, SizeName: "maxRecords", BadToken: "InvalidNextToken"}

func TestPagesJoinToTheWholeList(t *testing.T) {
	items := []string{"a", "b", "c", "d", "e"}
	for size := int32(1); size <= 4; size++ {
		var got []string
		var token *string
		for range items {
			page, next, err := operation.Page(items, &size, token, pages)
			if err != nil || len(page) > int(size) {
				t.Fatalf("a page of %d = %v, %v", size, page, err)
			}
			if got = append(got, page...); next == nil {
				break
			}
			token = next
		}
		if !slices.Equal(got, items) {
			t.Errorf("pages of %d = %v, want %v", size, got, items)
		}
	}
}

func TestPagesHaveTheirLimits(t *testing.T) {
	items := []int{1, 2, 3, 4, 5}
	for name, test := range map[string]struct {
		size  *int32
		token *string
		want  string // the page, or the error
	}{
		"without a size the default": {nil, nil, "[1 2 3]"},
		"an empty token is none":     {nil, aws.String(""), "[1 2 3]"},
		"from a place":               {nil, operation.Token(3), "[4 5]"},
		"behind the end":             {nil, operation.Token(9), "[]"},
		"none":                       {aws.Int32(0), nil, "Value '0' at 'maxRecords'"},
		"fewer":                      {aws.Int32(-1), nil, "Value '-1' at 'maxRecords'"},
		"too many":                   {aws.Int32(5), nil, "Member must have value between 1 and 4"},
		"no base64":                  {nil, aws.String("%"), "InvalidNextToken: The token '%' is invalid."},
		"nothing of ours":            {nil, aws.String("eHk6MQ"), "InvalidNextToken: The token 'eHk6MQ' is invalid."},
		"a place below 0":            {nil, operation.Token(-1), "InvalidNextToken: "},
	} {
		page, _, err := operation.Page(items, test.size, test.token, pages)
		if got := fmt.Sprint(page, err); !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func FuzzToken(f *testing.F) {
	f.Add(*operation.Token(3))
	f.Add("YXQ6LTE")
	f.Add("%%%")
	f.Fuzz(func(t *testing.T, token string) {
		page, _, err := operation.Page([]int{1, 2, 3, 4, 5}, nil, &token, pages)
		if err == nil && len(page) > 3 {
			t.Errorf("the page of %q has %d items, want at most 3", token, len(page))
		}
	})
}

type request struct {
	Name  *string
	Size  *int32
	On    *bool
	Kind  string
	Items []string
	Inner *struct{ A *string }
	Tags  map[string]string
}

func TestMembersThatAreRequired(t *testing.T) {
	const null = "failed to satisfy constraint: Member must not be null"
	const one = "ValidationError: 1 validation error detected: Value null at '"
	for name, test := range map[string]struct {
		in   request
		want string
	}{
		"nothing": {
			request{}, "ValidationError: 3 validation errors detected: Value null at 'name' " + null + "; Value null at 'kind' " + null +
				"; Value null at 'items' " + null,
		},
		"all but one":              {request{Name: aws.String(""), Kind: "k"}, one + "items' " + null},
		"an empty list is no list": {request{Name: aws.String("n"), Kind: "k", Items: []string{}}, one + "items' " + null},
		"all":                      {request{Name: aws.String("n"), Kind: "k", Items: []string{"i"}}, "<nil>"},
	} {
		if got := fmt.Sprint(operation.Require(&test.in, "Name", "Kind", "Items")); got != test.want {
			t.Errorf("%s: %s\n\twant %s", name, got, test.want)
		}
	}
	if err := operation.Given("name", aws.Int32(0)); err != nil {
		t.Errorf("Given(0) = %v, want nil: it was given", err)
	}
	if err := operation.Given[string]("name", nil); fmt.Sprint(err) != one+"name' "+null {
		t.Errorf("Given(nil) = %v, want that it must not be null", err)
	}
}

func TestMembersThatAreNotServed(t *testing.T) {
	for name, test := range map[string]struct {
		in   request
		want string // the member; "" is served
	}{
		"nothing":            {request{}, ""},
		"0":                  {request{Size: aws.Int32(0)}, ""},
		"false":              {request{On: aws.Bool(false)}, ""},
		"an empty list":      {request{Items: []string{}}, ""},
		"1":                  {request{Size: aws.Int32(1)}, "Size"},
		"true":               {request{On: aws.Bool(true)}, "On"},
		"an empty text":      {request{Name: aws.String("")}, "Name"},
		"an enum":            {request{Kind: "k"}, "Kind"},
		"a list":             {request{Items: []string{""}}, "Items"},
		"a map":              {request{Tags: map[string]string{"": ""}}, "Tags"},
		"an empty structure": {request{Inner: &struct{ A *string }{}}, "Inner"},
	} {
		err := operation.Without(&test.in, " of a test", "Name", "Size", "On", "Kind", "Items", "Inner", "Tags")
		want := "<nil>"
		if test.want != "" {
			want = "ValidationError: " + test.want + " of a test: the local cloud does not serve this; leave it out or use AWS"
		}
		if got := fmt.Sprint(err); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestAMemberThatARequestHasNotIsAProgrammersMistake(t *testing.T) {
	defer func() {
		if p := fmt.Sprint(recover()); !strings.Contains(p, "has no member Colour") {
			t.Errorf("Require(Colour) panics with %s, want that there is no such member", p)
		}
	}()
	_ = operation.Require(&request{}, "Colour")
}

func TestErrorsHaveAShapeWhereItHasAnotherName(t *testing.T) {
	for code, shape := range map[string]string{
		"InvalidParameterValue": "InvalidParameterValueException", "LimitExceeded": "LimitExceededFault", "ValidationError": "",
	} {
		if err := operation.Errorf(code, "%d", 1); err.Shape != shape || err.Error() != code+": 1" {
			t.Errorf("Errorf(%s) = %+v, want the shape %q", code, err, shape)
		}
	}
	if got := operation.Message(fmt.Errorf("wrapped: %w", operation.Invalidf("why"))); got.Error() != "why" {
		t.Errorf("Message = %q, want the message without its code", got)
	}
	if other := errors.New("disk on fire"); !errors.Is(operation.Message(other), other) {
		t.Error("Message changed an error that has no code")
	}
}
