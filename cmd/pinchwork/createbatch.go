package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

// createBatch posts the tasks of a file. With each, a refused task is shown like the
// others, and the command fails with its refusal.
func (a *app) createBatch(cmd *cobra.Command, path string, each bool) error {
	text, err := a.readText("batch", path)
	if err != nil {
		return err
	}
	in := market.PostBatchInput{Each: each}
	if in.Tasks, err = readTasks(text); err != nil {
		return err
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	batch, err := c.PostBatch(a.context(cmd), in)
	if err != nil {
		return err
	}
	shown := a.show(batch, func(w io.Writer, style render.Style) error {
		return a.table(w, style, postedTable(batch.Tasks), "")
	})
	a.money(cmd.Context(), c)
	for i := range batch.Tasks {
		if refusal := batch.Tasks[i].Err; refusal != nil {
			return errors.Join(refusal, shown)
		}
	}
	return shown
}

// readTasks reads JSON objects, usually one a line, with the fields of a post.
func readTasks(text string) (tasks []market.PostInput, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	for {
		var object map[string]json.RawMessage
		var t wire.Task
		err := d.Decode(&object)
		switch {
		case errors.Is(err, io.EOF):
			return tasks, nil
		case errors.As(err, new(*json.UnmarshalTypeError)):
			err = errors.New(`must be a JSON object, such as {"need":"…"}`)
		case err == nil:
			err = wire.Fill(&t, object)
		}
		if err != nil {
			return nil, usagef("task %d of the batch: %w", len(tasks)+1, err)
		}
		tasks = append(tasks, t.Input())
	}
}

func postedTable(items []market.PostedItem) *render.Table {
	t := render.Table{Columns: []render.Column{
		{Title: "Task"}, {Title: "Status"}, {Title: "Budget", Right: true}, {Title: "Need", Flex: true},
	}}
	for _, item := range items {
		row := []string{string(item.TaskID), string(item.Status), fmt.Sprint(item.MaxCredits), item.Need}
		if refusal, is := errors.AsType[*market.Error](item.Err); is {
			row = []string{"-", "refused", "", refusal.Message}
		}
		t.Rows = append(t.Rows, row)
	}
	return &t
}
