package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"secondwind/server/statistics"
)

const (
	// blockNumbers and blockBytes are how much of a stream is read before it takes
	// a turn: a client that sends slowly holds up nobody.
	blockNumbers = 4096
	blockBytes   = 64 << 10
	maxQuantiles = 100
)

// defaultQuantiles are the quartiles.
const defaultQuantiles = "0.25,0.5,0.75"

// summarize is POST /v1/statistics?quantiles=&precision=&column=: figures of the
// numbers in a body of CSV or JSON lines, of any length.
func (s *Server) summarize(c *gin.Context) error {
	form, err := negotiate(c, typeJSON, typeText)
	if err != nil {
		return err
	}
	asked, err := s.readSummary(c)
	if err != nil {
		return err
	}
	result, err := asked.run(c.Request.Context())
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	if form == typeText {
		c.String(http.StatusOK, "%s", result.Text())
		return nil
	}
	c.JSON(http.StatusOK, result)
	return nil
}

// summary is one request for statistics.
type summary struct {
	server    *Server
	numbers   *numbers
	stream    *stream
	reserved  *reservation // holds what is kept for quantiles
	quantiles []statistics.Probability
	precision int
	sample    statistics.Sample
	left      time.Duration // that it may still compute
}

// readSummary reads everything but the body.
func (s *Server) readSummary(c *gin.Context) (*summary, error) {
	mediaType, err := contentType(c, typeCSV, typeJSONLines, typeNDJSON, typeText)
	if err != nil {
		return nil, err
	}
	a := &summary{server: s, stream: newStream(c, s.config), reserved: reservationOf(c), left: s.config.CalculationTimeout}
	if a.precision, err = strconv.Atoi(c.DefaultQuery("precision", "0")); err != nil || a.precision < 0 || a.precision > s.config.MaxDigits {
		return nil, badRequest("the precision must be 0 (exact) or a number of digits up to %d", s.config.MaxDigits)
	}
	if a.quantiles, err = readQuantiles(c.DefaultQuery("quantiles", defaultQuantiles)); err != nil {
		return nil, err
	}
	a.sample.Keep = len(a.quantiles) > 0
	from, err := openBody(c, s.config.MaxStreamBytes, nil)
	if err != nil {
		return nil, err
	}
	line := &reservation{budget: s.memory}
	a.numbers = &numbers{
		lines:  newLineReader(from, s.config.MaxBodyBytes, line),
		column: c.Query("column"),
		json:   mediaType == typeJSONLines || mediaType == typeNDJSON,
		// The sum of squares has four times as many digits, two before and two behind.
		maxDigits: max(s.config.MaxDigits/4-20, 1),
	}
	return a, nil
}

func readQuantiles(text string) ([]statistics.Probability, error) {
	if text == "none" {
		return nil, nil
	}
	texts := strings.Split(text, ",")
	if len(texts) > maxQuantiles {
		return nil, badRequest("more than %d quantiles are asked for", maxQuantiles)
	}
	var all []statistics.Probability
	for _, t := range texts {
		p, err := statistics.ParseProbability(strings.TrimSpace(t))
		if err != nil {
			return nil, badRequest("the quantile %v: ask for example with quantiles=%s, or quantiles=none", err, defaultQuantiles)
		}
		all = append(all, p)
	}
	return all, nil
}

// run reads the whole stream, block by block.
func (a *summary) run(ctx context.Context) (statistics.Result, error) {
	defer a.numbers.lines.reserved.release()
	var result statistics.Result
	for {
		block, readErr := a.readBlock(ctx)
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return result, a.fault(readErr)
		}
		err := a.turn(ctx, func(ctx context.Context) error {
			for _, n := range block {
				if err := a.sample.Add(ctx, n); err != nil {
					return err
				}
			}
			if readErr == nil {
				return nil
			}
			var err error
			result, err = a.sample.Result(ctx, a.server.limits, a.precision, a.quantiles)
			return err
		})
		if err != nil || readErr != nil {
			return result, a.fault(err)
		}
		a.stream.progressed()
	}
}

// readBlock returns the next numbers, and io.EOF with the last.
func (a *summary) readBlock(ctx context.Context) ([]statistics.Number, error) {
	var block []statistics.Number
	for bytes := int64(0); len(block) < blockNumbers && bytes < blockBytes; {
		n, err := a.numbers.next(ctx)
		if err != nil {
			return block, err
		}
		bytes += n.Bytes()
		if a.sample.Keep {
			if err := a.reserved.grow(ctx, n.Bytes()); err != nil {
				return nil, err
			}
		}
		block = append(block, n)
	}
	return block, nil
}

// turn waits for a turn to compute, in what is left of the time for it.
func (a *summary) turn(ctx context.Context, do func(context.Context) error) error {
	limiter := a.server.admission
	if err := limiter.enterWithin(ctx, a.server.config.CalculationTimeout); err != nil {
		return err
	}
	defer limiter.leave()
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, a.left)
	defer cancel()
	err := do(ctx)
	took := time.Since(start)
	a.left -= took
	a.server.metrics.seconds.Observe(took.Seconds())
	return err
}

// fault says which line is at fault, where one is.
func (a *summary) fault(err error) error {
	if f, ok := errors.AsType[*lineFault](err); ok {
		p := *f.problem
		p.Line = a.numbers.line
		return &p
	}
	switch {
	case errors.Is(err, statistics.ErrNone):
		return badRequest("the body holds no numbers: send one a line, or CSV")
	case errors.Is(err, statistics.ErrTooMany):
		return newProblem(http.StatusRequestEntityTooLarge, "%v: ask with quantiles=none for the other figures", err)
	}
	return err
}
