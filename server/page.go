package server

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"secondwind/server/bignum"
)

//go:embed assets
var assets embed.FS

// page is the calculator for people: a template and the files it needs.
type page struct {
	html  *template.Template
	files map[string]asset // by name
}

type asset struct {
	content []byte
	etag    string
}

// view is what the template shows.
type view struct {
	Instance   string
	Expression string
	Precisions []precision
	Result     result
	Fault      string // what is wrong, instead of a result
	Keys       []key
	Functions  []string
	History    *historyView // nil: none is kept
}

// precision is a choice of how many significant digits the answer has.
type precision struct {
	Digits   int // 0: exact
	Name     string
	Selected bool
}

func precisions(selected int) []precision {
	all := []precision{{0, "exact", selected == 0}}
	for _, digits := range []int{10, 30, 100, 1000, 100_000} {
		all = append(all, precision{digits, grouped(digits), digits == selected})
	}
	return all
}

// key is a button that types for its user.
type key struct {
	Inserts string // into the expression; clear, back, ans and equals are commands of calculator.js
	Sign    string // on the key
	Name    string // read out instead of the sign, where that needs words
	Class   string
}

// keys are five a row.
func keys() []key {
	return []key{
		{"gcd(", "gcd", "greatest common divisor", "function"}, {"lcm(", "lcm", "least common multiple", "function"},
		{"binomial(", "binom", "binomial", "function"}, {"sqrt(", "√", "square root", "function"},
		{"mod-inverse(", "mod⁻¹", "modular inverse", "function"},
		{"is-prime(", "prime?", "is it prime", "function"}, {"next-prime(", "next", "next prime", "function"},
		{"fibonacci(", "fib", "Fibonacci number", "function"}, {"!", "n!", "factorial", "function"}, {",", ",", "comma", "sign"},
		{"(", "(", "open parenthesis", "sign"}, {")", ")", "close parenthesis", "sign"}, {"^", "xʸ", "to the power of", "sign"},
		{"back", "⌫", "delete the last character", "edit"}, {"clear", "C", "clear", "edit"},
		{"7", "7", "", ""}, {"8", "8", "", ""}, {"9", "9", "", ""}, {"÷", "÷", "divided by", "sign"}, {"//", "//", "whole division", "sign"},
		{"4", "4", "", ""}, {"5", "5", "", ""}, {"6", "6", "", ""}, {"×", "×", "times", "sign"}, {"%", "%", "remainder", "sign"},
		{"1", "1", "", ""}, {"2", "2", "", ""}, {"3", "3", "", ""}, {"-", "−", "minus", "sign"}, {"ans", "ans", "the last result", "function"},
		{"0", "0", "", ""}, {".", ".", "point", ""}, {"e", "e", "times ten to the power of", ""}, {"+", "+", "plus", "sign"},
		{"equals", "=", "calculate", "primary"},
	}
}

// foldedBeyond is the length in characters beyond which only the ends of a
// result are shown at first; calculator.js has the same.
const foldedBeyond = 200

// result is an answer the way the page shows it.
type result struct {
	Text   string
	Kind   string // "rounded, 1,000 digits"
	Folded bool
	Ends   string // the first and last digits of a folded one
}

func shownResult(a bignum.Answer) result {
	const end = 40
	r := result{Text: a.Text, Folded: len(a.Text) > foldedBeyond}
	if r.Folded {
		r.Ends = a.Text[:end] + "…" + a.Text[len(a.Text)-end:]
	}
	var kinds []string
	if !a.Exact {
		kinds = append(kinds, "rounded")
	}
	if digits := countDigits(a.Text); digits > 20 {
		kinds = append(kinds, grouped(digits)+" digits")
	}
	r.Kind = strings.Join(kinds, ", ")
	return r
}

// grouped writes 1234567 as 1,234,567.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for cut := len(text) - 3; cut > 0; cut -= 3 {
		text = text[:cut] + "," + text[cut:]
	}
	return text
}

func countDigits(text string) int {
	n := 0
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			n++
		}
	}
	return n
}

func newPage() (*page, error) {
	html, err := template.ParseFS(assets, "assets/calculator.html")
	if err != nil {
		return nil, fmt.Errorf("parse the page: %w", err)
	}
	entries, err := assets.ReadDir("assets")
	if err != nil {
		return nil, fmt.Errorf("list the page's files: %w", err)
	}
	p := &page{html: html, files: make(map[string]asset)}
	for _, e := range entries {
		if path.Ext(e.Name()) == ".html" {
			continue
		}
		content, err := assets.ReadFile("assets/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read the page's files: %w", err)
		}
		sum := sha256.Sum256(content)
		p.files[e.Name()] = asset{content, `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	return p, nil
}

// showPage is GET /.
func (s *Server) showPage(c *gin.Context) error {
	s.greet(c)
	return s.writePage(c, http.StatusOK, view{Precisions: precisions(0)}, "")
}

// usePage is POST /: what the page's forms ask in a browser without JavaScript.
// A form's fields are never part of an address, which proxies log.
func (s *Server) usePage(c *gin.Context) error {
	fields, err := s.readForm(c)
	if err != nil {
		return err
	}
	switch fields.Get("do") {
	case "", "calculate":
		return s.calculateOnPage(c, fields)
	case "download":
		return s.download(c, fields)
	case "search":
		return s.searchOnPage(c, fields)
	case "delete":
		return s.deleteOnPage(c, func(ctx context.Context, user string) error {
			return s.config.History.Delete(ctx, user, fields.Get("id"))
		})
	case "delete-all":
		return s.deleteOnPage(c, s.deleteAll)
	}
	return badRequest("the page has no button %.20q: use calculate, download, search, delete or delete-all", fields.Get("do"))
}

func (s *Server) readForm(c *gin.Context) (url.Values, error) {
	if mediaType, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || mediaType != gin.MIMEPOSTForm {
		return nil, newProblem(http.StatusUnsupportedMediaType,
			"the page is sent as a form: use Content-Type: %s, or POST /v1/calculate with JSON", gin.MIMEPOSTForm)
	}
	body, err := s.readBody(c)
	if err != nil {
		return nil, err
	}
	fields, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badRequest("the form cannot be read: its %% signs are not followed by two hexadecimal digits, or it holds a semicolon")
	}
	return fields, nil
}

// askedOnPage reads the question in the form. A browser ends lines with CR LF.
func askedOnPage(fields url.Values) (Calculation, error) {
	asked := Calculation{Expression: strings.TrimSpace(fields.Get("expression"))}
	if asked.Expression == "" {
		return asked, badRequest("Type a calculation first, such as 2^100 + 1/3.")
	}
	digits := cmp.Or(fields.Get("precision"), "0")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return asked, badRequest("the precision %.20q is not a number of digits", digits)
	}
	asked.Precision = n
	return asked, nil
}

func (s *Server) calculateOnPage(c *gin.Context, fields url.Values) error {
	asked, err := askedOnPage(fields)
	var answer bignum.Answer
	if err == nil {
		answer, err = s.answer(c, asked)
	}
	v := view{Expression: asked.Expression, Precisions: precisions(asked.Precision)}
	status := http.StatusOK
	if err != nil {
		p := s.asProblem(err)
		status, v.Fault = p.Status, p.Detail
		retryLater(c, p)
	} else {
		v.Result = shownResult(answer)
	}
	return s.writePage(c, status, v, "")
}

// download is the result as a file.
func (s *Server) download(c *gin.Context, fields url.Values) error {
	asked, err := askedOnPage(fields)
	if err != nil {
		return err
	}
	answer, err := s.answer(c, asked)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Disposition", `attachment; filename="result.txt"`)
	c.String(http.StatusOK, "%s\n", answer.Text)
	return nil
}

// writePage completes the view with what every page shows, the history by what
// is searched for in it.
func (s *Server) writePage(c *gin.Context, status int, v view, search string) error {
	v.History = s.historyOnPage(c.Request.Context(), userOf(c), search)
	v.Instance, v.Keys, v.Functions = s.instance.name(), keys(), bignum.Functions()
	var html bytes.Buffer
	if err := s.page.html.Execute(&html, v); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	c.Header("Cache-Control", "no-store")
	c.Data(status, "text/html; charset=utf-8", html.Bytes())
	return nil
}

// showAsset is GET /assets/:name.
func (s *Server) showAsset(c *gin.Context) error {
	name := c.Param("name")
	file, ok := s.page.files[name]
	if !ok {
		return newProblem(http.StatusNotFound, "there is no such file: the calculator is at /")
	}
	c.Header("ETag", file.etag)
	c.Header("Cache-Control", "no-cache") // may be kept, and is asked for by its ETag
	http.ServeContent(c.Writer, c.Request, name, time.Time{}, bytes.NewReader(file.content))
	return nil
}
