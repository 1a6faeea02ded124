package server

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"time"

	"github.com/gin-gonic/gin"

	"secondwind/server/exact"
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
	Instance         string
	Operations       []choice
	Number1, Number2 string
	Result           string
	Long             bool   // the result reads better in a smaller type
	Fault            string // what is wrong, instead of a result
	FaultOperand     int    // 1 or 2 where one is at fault
}

// longResult is the length in characters beyond which a result is set smaller;
// calculator.js has the same.
const longResult = 60

type choice struct {
	Operation exact.Operation
	Sign      string // as people write it
	Name      string
	Selected  bool
}

// choices lists the operations as the page offers them.
func choices(selected string) []choice {
	all := []choice{
		{exact.Add, "+", "plus", false},
		{exact.Subtract, "−", "minus", false},
		{exact.Multiply, "×", "times", false},
		{exact.Divide, "÷", "divided by", false},
		{exact.FloorDivide, "⌊÷⌋", "whole division", false},
		{exact.Modulo, "mod", "remainder", false},
		{exact.Power, "xʸ", "to the power of", false},
	}
	for i := range all {
		all[i].Selected = string(all[i].Operation) == selected
	}
	return all
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

// showPage is GET /. With number1 in the query it also calculates, which is how
// the page's form works in a browser without JavaScript.
func (s *Server) showPage(c *gin.Context) {
	v := view{
		Instance:   s.instance.name(),
		Operations: choices(c.DefaultQuery("operator", "+")),
		Number1:    c.Query("number1"),
		Number2:    c.Query("number2"),
	}
	status := http.StatusOK
	if _, asked := c.GetQuery("number1"); asked {
		status = s.fill(c, &v)
	}
	var html bytes.Buffer
	if err := s.page.html.Execute(&html, v); err != nil {
		s.fail(c, fmt.Errorf("write the page: %w", err))
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Data(status, "text/html; charset=utf-8", html.Bytes())
}

// fill adds the result, or what is wrong, to the view and returns the status.
func (s *Server) fill(c *gin.Context, v *view) int {
	result, err := s.evaluate(c.Request.Context(), Calculation{
		Operation: exact.Operation(c.DefaultQuery("operator", "+")),
		Operands:  []string{v.Number1, v.Number2},
	})
	if err == nil {
		v.Result, v.Long = result.Text, len(result.Text) > longResult
		return http.StatusOK
	}
	p := s.asProblem(err)
	v.Fault, v.FaultOperand = p.Detail, p.Operand
	if p.Status == http.StatusServiceUnavailable {
		c.Header("Retry-After", "1")
	}
	return p.Status
}

// showAsset is GET /assets/:name.
func (s *Server) showAsset(c *gin.Context) {
	name := c.Param("name")
	file, ok := s.page.files[name]
	if !ok {
		writeProblem(c, newProblem(http.StatusNotFound, "there is no such file: the calculator is at /"))
		return
	}
	c.Header("ETag", file.etag)
	c.Header("Cache-Control", "no-cache") // may be kept, and is asked for by its ETag
	http.ServeContent(c.Writer, c.Request, name, time.Time{}, bytes.NewReader(file.content))
}
