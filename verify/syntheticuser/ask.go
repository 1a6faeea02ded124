package syntheticuser

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"time"

	"secondwind/runlog"
)

const (
	userCookie     = "calculator_user"
	instanceHeader = "X-Instance-Id" // who answered

	operandDigits = 40      // so many that an operand is found nowhere by chance
	maxAnswer     = 1 << 20 // bytes
)

// errAbsent says that the calculators keep no history.
var errAbsent = errors.New("no history is kept")

// calculation is one that the synthetic user asked for.
type calculation struct {
	operands []string
	result   string
	instance string // that answered; "": none did, and the history may hold it or not
}

// entry is a calculation as the history has it.
type entry struct {
	Instance  string   `json:"instance"`
	Operation string   `json:"operation"`
	Operands  []string `json:"operands"`
	Result    string   `json:"result"`
}

// introduce opens the page, which makes the synthetic user a user where a history is
// kept. Where none is, the error is errAbsent.
func (u *User) introduce(ctx context.Context) error {
	if u.user != "" {
		return nil
	}
	page, err := u.ask(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return err
	}
	for _, cookie := range u.client.Jar.Cookies(u.base) {
		if cookie.Name == userCookie {
			u.user = cookie.Value
			return nil
		}
	}
	list, err := u.ask(ctx, http.MethodGet, "/v1/history", nil)
	switch {
	case err != nil:
		return err
	case page.status < 500 && list.status < 500: // 404 of a calculator, anything of another program
		return errAbsent
	}
	return fmt.Errorf("no cookie: %w, %w", page.asError(), list.asError())
}

// list asks for the history and counts what is in it.
func (u *User) list(ctx context.Context, seen *runlog.HistorySession) error {
	got, err := u.ask(ctx, http.MethodGet, "/v1/history?limit=100", nil)
	if err != nil {
		return err
	}
	var list struct{ Entries []entry }
	if got.status != http.StatusOK {
		return got.asError()
	}
	if err := json.Unmarshal(got.body, &list); err != nil {
		return fmt.Errorf("%s: %w", got.what, err)
	}
	seen.ListedBy = got.instance
	seen.Listed, seen.Foreign = u.count(list.Entries)
	return nil
}

// askVersion asks whichever calculator answers what it runs. One that does not say so is older.
func (u *User) askVersion(ctx context.Context) {
	var is runlog.InstanceProgram
	got, err := u.ask(ctx, http.MethodGet, "/v1/version", nil)
	if err == nil && got.status == http.StatusOK && json.Unmarshal(got.body, &is) == nil {
		u.programs[got.instance] = is
	}
}

// count holds a list, the newest first, against what was made: how many of the
// calculations that were answered it has as they were, and how many entries are
// others, twice there or out of order.
func (u *User) count(list []entry) (listed, foreign int) {
	newer := len(u.made)
	for _, e := range list {
		at := slices.IndexFunc(u.made, func(c calculation) bool { return c.is(e) })
		switch {
		case at < 0 || at >= newer:
			foreign++
			continue
		case u.made[at].instance != "":
			listed++
		}
		newer = at
	}
	return listed, foreign
}

func (c calculation) is(e entry) bool {
	return e.Operation == "*" && slices.Equal(e.Operands, c.operands) && e.Result == c.result && (c.instance == "" || c.instance == e.Instance)
}

// answered is how many calculations were.
func (u *User) answered() (n int) {
	for _, c := range u.made {
		if c.instance != "" {
			n++
		}
	}
	return n
}

// calculate multiplies two numbers that nobody has multiplied before.
func (u *User) calculate(ctx context.Context, seen *runlog.HistorySession) error {
	a, b := u.number(), u.number()
	c := calculation{operands: []string{a.String(), b.String()}, result: new(big.Int).Mul(a, b).String()}
	body, err := json.Marshal(map[string]any{"operation": "*", "operands": c.operands})
	if err != nil {
		return err
	}
	got, err := u.ask(ctx, http.MethodPost, "/v1/calculate", body)
	u.settled = time.Now().Add(settling)
	var answer struct{ Result string }
	switch {
	case err != nil:
	case got.status != http.StatusOK:
		err = got.asError()
	case json.Unmarshal(got.body, &answer) != nil || answer.Result != c.result:
		err = fmt.Errorf("%s: %s gives a wrong result", got.what, got.instance)
	default:
		c.instance, seen.CalculatedBy = got.instance, got.instance
	}
	u.made = append(u.made, c)
	return err
}

// number is a random one of operandDigits digits.
func (u *User) number() *big.Int {
	digits := []byte{byte('1' + u.random.IntN(9))}
	for len(digits) < operandDigits {
		digits = append(digits, byte('0'+u.random.IntN(10)))
	}
	n, _ := new(big.Int).SetString(string(digits), 10) // digits are a number
	return n
}

type answer struct {
	what     string // was asked
	status   int
	instance string
	body     []byte
}

// asError is of an answer that is not the wanted one. It shows nothing of its text.
func (a answer) asError() error {
	return fmt.Errorf("%s: %s answers %d", a.what, a.instance, a.status)
}

// ask sends one request and reads its answer.
func (u *User) ask(ctx context.Context, method, path string, body []byte) (answer, error) {
	got := answer{what: method + " " + path}
	address, err := u.base.Parse(path)
	if err != nil {
		return got, err
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(body))
	if err != nil {
		return got, err
	}
	request.Header.Set("User-Agent", "secondwind-synthetic-user")
	request.Header.Set("Accept", "*/*")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := u.client.Do(request)
	if err != nil {
		return got, err
	}
	defer response.Body.Close()
	got.status, got.instance = response.StatusCode, response.Header.Get(instanceHeader)
	if got.instance == "" {
		got.instance = "an unnamed instance"
	}
	got.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return got, fmt.Errorf("%s: %w", got.what, err)
	}
	return got, nil
}
