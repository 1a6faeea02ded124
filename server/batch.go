package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"secondwind/server/bignum"
)

// batchAtOnce is how many calculations of one batch are under way at a time.
const batchAtOnce = 8

// outcome of one calculation of a batch: an answer or a problem.
type outcomeOf struct {
	answer   bignum.Answer
	fault    *problem
	reserved *reservation
}

// questions are the calculations of a batch as they come in.
type questions interface {
	// next returns io.EOF after the last one; a *problem where only this one is at
	// fault; and any other error where the rest cannot be read.
	next(ctx context.Context) (Calculation, error)
}

// calculateBatch is POST /v1/batch: a JSON array or JSON lines of calculations.
// The answers stream back in the same order while the rest is still coming in.
func (s *Server) calculateBatch(c *gin.Context) error {
	asked, err := contentType(c, typeJSON, typeJSONLines, typeNDJSON)
	if err != nil {
		return err
	}
	offered := []string{asked, typeJSON, typeJSONLines, typeNDJSON} // answered as it was asked, by default
	form, err := negotiate(c, offered...)
	if err != nil {
		return err
	}
	stream := newStream(c, s.config)
	from, release, err := s.openBatch(c)
	if err != nil {
		return err
	}
	defer release()
	var list questions = &lines{newLineReader(from, s.config.MaxBodyBytes, reservationOf(c)), stream}
	if asked == typeJSON {
		if list, err = newArray(from, s.config.MaxBodyBytes, reservationOf(c), stream); err != nil {
			return err
		}
	}
	b := &batch{server: s, stream: stream, list: list, order: make(chan chan outcomeOf, batchAtOnce)}
	b.run(c, form)
	return nil
}

// batch is one request's calculations under way.
type batch struct {
	server *Server
	stream *stream
	list   questions
	order  chan chan outcomeOf // in the order of the questions
}

// run writes the answers in order. It returns when nothing of the batch is
// running any more, whoever ended it.
func (b *batch) run(c *gin.Context, form string) {
	ctx, cancel := context.WithCancel(c.Request.Context())
	defer cancel()
	go b.read(ctx)
	w := &batchWriter{c: c, form: form, stream: b.stream}
	for slot := range b.order {
		done := <-slot
		if w.write(done, len(b.order) == 0) != nil {
			cancel()
			b.stream.stop() // the reader may be waiting for the client
		}
		done.reserved.release()
	}
	w.end()
}

// read starts a calculation for each question.
func (b *batch) read(ctx context.Context) {
	defer close(b.order)
	for n := 1; ctx.Err() == nil; n++ {
		asked, err := b.list.next(ctx)
		if errors.Is(err, io.EOF) {
			return
		}
		slot := make(chan outcomeOf, 1)
		b.order <- slot
		if err == nil {
			go func() { slot <- b.server.outcome(ctx, asked, n) }()
			continue
		}
		p, goesOn := errors.AsType[*lineFault](err)
		if goesOn {
			err = p.problem
		}
		slot <- outcomeOf{fault: b.server.problemOf(err, n), reserved: &reservation{budget: b.server.memory}}
		if !goesOn {
			return
		}
	}
}

// lineFault is a problem of one calculation, after which the next can be read.
type lineFault struct{ *problem }

func (s *Server) problemOf(err error, line int) *problem {
	p := *s.asProblem(err)
	p.Line = line
	return &p
}

// outcome evaluates one calculation of a batch. It waits for its turn as long
// as it may calculate: unlike a person, a batch has the patience.
func (s *Server) outcome(ctx context.Context, asked Calculation, line int) (o outcomeOf) {
	var err error
	o.reserved = &reservation{budget: s.memory}
	defer func() {
		// This runs on a goroutine of its own, where nobody else would catch it.
		if cause := recover(); cause != nil {
			s.logPanic(cause, "", "/v1/batch")
			err = newProblem(http.StatusInternalServerError, "the calculator failed; its log says why")
		}
		if err != nil {
			o.fault = s.problemOf(err, line)
		}
	}()
	s.metrics.asked(asked.bytes())
	if err = o.reserved.grow(ctx, asked.bytes()); err == nil {
		o.answer, err = s.evaluate(ctx, asked, o.reserved)
	}
	return o
}

// batchWriter writes outcomes as JSON lines, or as a JSON array.
type batchWriter struct {
	c      *gin.Context
	form   string
	stream *stream
	any    bool
	err    error
}

func (w *batchWriter) write(o outcomeOf, flush bool) error {
	if w.err != nil {
		return w.err
	}
	w.stream.progressed()
	w.begin()
	if w.form == typeJSON && w.any {
		w.text(",\n")
	}
	w.any = true
	if o.fault != nil {
		text, err := json.Marshal(map[string]*problem{"problem": o.fault})
		w.text(string(text))
		w.err = errors.Join(w.err, err)
	} else {
		w.text(`{"result":"`)
		w.text(o.answer.Text)
		w.text(fmt.Sprintf(`","exact":%t}`, o.answer.Exact))
	}
	if w.form != typeJSON {
		w.text("\n")
	}
	if flush {
		w.c.Writer.Flush()
	}
	return w.err
}

// begin writes the header before the first outcome.
func (w *batchWriter) begin() {
	if w.c.Writer.Written() {
		return
	}
	w.c.Header("Content-Type", w.form)
	w.c.Header("Cache-Control", "no-store")
	w.c.Header("X-Accel-Buffering", "no") // nginx must pass the answers on as they come
	w.c.Status(http.StatusOK)
	w.c.Writer.WriteHeaderNow()
	if w.form == typeJSON {
		w.text("[")
	}
}

func (w *batchWriter) text(t string) {
	if w.err == nil {
		_, w.err = w.c.Writer.WriteString(t)
	}
}

func (w *batchWriter) end() {
	w.begin()
	if w.form == typeJSON {
		w.text("]\n")
	}
}

// stream extends the deadlines of a request for as long as it makes progress.
type stream struct {
	control *http.ResponseController
	config  Config
}

func newStream(c *gin.Context, config Config) *stream {
	s := &stream{http.NewResponseController(c.Writer), config}
	// A client that has closed its half of the connection still reads; if it has gone, writing fails.
	c.Request = c.Request.WithContext(context.WithoutCancel(c.Request.Context()))
	// HTTP/1 would else end the body with the first answer. A recorder of tests
	// knows neither this nor deadlines, and needs none.
	_ = s.control.EnableFullDuplex()
	s.progressed()
	return s
}

// progressed gives the client the whole time again for the next line.
func (s *stream) progressed() {
	now := time.Now()
	_ = s.control.SetReadDeadline(now.Add(s.config.ReadTimeout))
	_ = s.control.SetWriteDeadline(now.Add(s.config.WriteTimeout))
}

// stop ends a read that is waiting.
func (s *stream) stop() { _ = s.control.SetReadDeadline(time.Unix(1, 0)) }

// lines are the calculations of JSON lines.
type lines struct {
	from   *lineReader
	stream *stream
}

func (l *lines) next(ctx context.Context) (Calculation, error) {
	for {
		line, err := l.from.next(ctx)
		if err != nil {
			return Calculation{}, err
		}
		l.stream.progressed()
		if len(line) == 0 {
			continue
		}
		asked, err := decode(bytes.NewReader(line))
		return asked, ofLine(err)
	}
}

// ofLine says that an error is that of one line only.
func ofLine(err error) error {
	if p, ok := errors.AsType[*problem](err); ok {
		return &lineFault{p}
	}
	return err
}

// lineReader reads lines of at most so many bytes. A longer one is skipped.
type lineReader struct {
	from     *bufio.Reader
	reserved *reservation // holds the line
	most     int64
	line     []byte
}

func newLineReader(from *body, most int64, held *reservation) *lineReader {
	return &lineReader{from: bufio.NewReaderSize(from, 16<<10), reserved: held, most: most}
}

// next returns the next line without its end and the spaces around it, valid
// until next is called again, or a *lineFault, or io.EOF.
func (l *lineReader) next(ctx context.Context) ([]byte, error) {
	if cap(l.line) > 64<<10 {
		l.line = nil // one long line must not hold memory for all that follow
	}
	l.line = l.line[:0]
	l.reserved.release()
	tooLong := false
	for {
		part, err := l.from.ReadSlice('\n')
		if tooLong = tooLong || int64(len(l.line)+len(part)) > l.most; !tooLong {
			if full := l.reserved.grow(ctx, int64(len(part))); full != nil {
				return nil, full
			}
			l.line = append(l.line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case tooLong:
			return nil, &lineFault{newProblem(http.StatusRequestEntityTooLarge,
				"the line is longer than %d bytes, the maximum accepted", l.most)}
		case errors.Is(err, io.EOF) && len(l.line) == 0:
			return nil, io.EOF
		}
		return bytes.TrimSpace(l.line), nil
	}
}

// array are the calculations of a JSON array.
type array struct {
	decoder *json.Decoder
	from    *body // of which an element may read so much
	stream  *stream
	ended   bool
}

func newArray(from *body, most int64, held *reservation, stream *stream) (*array, error) {
	limited := &body{request: from.request, from: from, reserved: held, left: most, most: most}
	a := &array{decoder: json.NewDecoder(limited), from: limited, stream: stream}
	opening, err := a.decoder.Token()
	if err != nil {
		return nil, a.fault(err)
	}
	if opening != json.Delim('[') {
		return nil, badRequest("the body is not a JSON array: send for example [%s], or one calculation a line as %s", example, typeJSONLines)
	}
	return a, nil
}

func (a *array) fault(err error) error {
	if notJSON(err) {
		return err
	}
	return badRequest("the batch is not a JSON array (%s): send for example [%s]", jsonFault(err), example)
}

func (a *array) next(context.Context) (Calculation, error) {
	if a.ended {
		return Calculation{}, io.EOF
	}
	a.from.refill()
	if !a.decoder.More() {
		a.ended = true
		if _, err := a.decoder.Token(); err != nil { // its "]"
			return Calculation{}, a.fault(err)
		}
		if _, err := a.decoder.Token(); !errors.Is(err, io.EOF) {
			return Calculation{}, badRequest("there is more after the JSON array: send one array only")
		}
		return Calculation{}, io.EOF
	}
	var raw json.RawMessage
	if err := a.decoder.Decode(&raw); err != nil {
		a.ended = true
		return Calculation{}, a.fault(err)
	}
	a.stream.progressed()
	asked, err := decode(bytes.NewReader(raw))
	return asked, ofLine(err)
}
