package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/itchyny/gojq"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
)

// jqFilter is the value of --jq.
type jqFilter struct {
	text string
	code *gojq.Code
}

func (f *jqFilter) String() string { return f.text }
func (f *jqFilter) Type() string   { return "filter" }

func (f *jqFilter) Set(text string) error {
	query, err := gojq.Parse(text)
	if err == nil {
		f.code, err = gojq.Compile(query)
	}
	if err != nil {
		return fmt.Errorf("is not a jq filter: %w", err)
	}
	f.text = text
	return nil
}

// write writes what the filter makes of v, one value a line; texts without quotes.
func (f *jqFilter) write(ctx context.Context, w io.Writer, v any, clean bool) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var plain any
	if err := json.Unmarshal(data, &plain); err != nil {
		return err
	}
	for found := f.code.RunWithContext(ctx, plain); ; {
		v, more := found.Next()
		if !more {
			return nil
		}
		if err := f.line(w, v, clean); err != nil {
			return err
		}
	}
}

func (f *jqFilter) line(w io.Writer, v any, clean bool) error {
	switch v := v.(type) {
	case error:
		var halt *gojq.HaltError
		if errors.As(v, &halt) && halt.Value() == nil {
			return nil
		}
		return usagef("--jq: %w", v)
	case string:
		if clean {
			v = render.Clean(v)
		}
		_, err := fmt.Fprintln(w, v)
		return err
	}
	return render.WriteJSON(w, v, "")
}
