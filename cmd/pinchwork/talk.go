package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newAsk(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "ask TASK QUESTION",
		Short: "Ask about a posted task before picking it up",
		Args:  args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			question, err := a.expand("question", args[1])
			if err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			q, err := c.Ask(a.context(cmd), market.TaskID(args[0]), question)
			if err != nil {
				return err
			}
			return a.show(q, a.naming(cmd.Context(), c, onOutput).question(q))
		},
	}
}

func newAnswer(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "answer TASK QUESTION-ID ANSWER",
		Short: "Answer a question about an own task",
		Args:  args(cobra.ExactArgs(3)),
		RunE: func(cmd *cobra.Command, args []string) error {
			answer, err := a.expand("answer", args[2])
			if err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			q, err := c.Answer(a.context(cmd), market.TaskID(args[0]), market.QuestionID(args[1]), answer)
			if err != nil {
				return err
			}
			return a.show(q, a.naming(cmd.Context(), c, onOutput).question(q))
		},
	}
}

func (who naming) question(q market.Question) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		r := render.Record{}
		r.Add("Question", string(q.ID))
		r.Add("Task", string(q.TaskID))
		r.Add("Asker", who(q.AskerID))
		r.Add("Asked", when(q.CreatedAt))
		r.Add("Answered", when(q.AnsweredAt))
		r.Section("Text", q.Question)
		r.Section("Answer", q.Answer)
		return r.Write(w, style)
	}
}

func newQuestions(a *app) *cobra.Command {
	var p market.Page
	cmd := &cobra.Command{
		Use:   "questions TASK",
		Short: "List the questions about a task",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, err := c.Questions(cmd.Context(), market.TaskID(args[0]), p)
			if err != nil {
				return err
			}
			return a.show(list, func(w io.Writer, style render.Style) error {
				if len(list.Questions) == 0 {
					a.note("No questions.")
				}
				return separated(w, style, list.Questions, a.naming(cmd.Context(), c, onOutput).question)
			})
		},
	}
	pageFlags(cmd, &p)
	return cmd
}

func newMsg(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "msg TASK MESSAGE",
		Short: "Write to the other party of a claimed or delivered task",
		Args:  args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.expand("message", args[1])
			if err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			m, err := c.SendMessage(a.context(cmd), market.TaskID(args[0]), text)
			if err != nil {
				return err
			}
			return a.show(m, a.naming(cmd.Context(), c, onOutput).message(m))
		},
	}
}

func (who naming) message(m market.Message) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		r := render.Record{}
		r.Add("Message", string(m.ID))
		r.Add("From", who(m.SenderID))
		r.Add("Sent", when(m.CreatedAt))
		r.Section("Text", m.Message)
		return r.Write(w, style)
	}
}

func newMessages(a *app) *cobra.Command {
	var p market.Page
	cmd := &cobra.Command{
		Use:   "messages TASK",
		Short: "Show the conversation about a task",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, err := c.Messages(cmd.Context(), market.TaskID(args[0]), p)
			if err != nil {
				return err
			}
			return a.show(list, func(w io.Writer, style render.Style) error {
				if len(list.Messages) == 0 {
					a.note("No messages.")
				}
				return separated(w, style, list.Messages, a.naming(cmd.Context(), c, onOutput).message)
			})
		},
	}
	pageFlags(cmd, &p)
	return cmd
}

// separated prints several records with a line between them.
func separated[T any](w io.Writer, style render.Style, list []T, details func(T) func(io.Writer, render.Style) error) error {
	for i, v := range list {
		if i > 0 {
			if _, err := io.WriteString(w, "\n---\n\n"); err != nil {
				return err
			}
		}
		if err := details(v)(w, style); err != nil {
			return err
		}
	}
	return nil
}
