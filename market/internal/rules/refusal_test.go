package rules_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pinchwork/pinchwork/market/internal/rules"
)

func TestErrorsNameTheFieldsOfGo(t *testing.T) {
	for field, name := range map[string]string{
		"need": "Need", "max_credits": "MaxCredits", "deadline_minutes": "Deadline", "webhook_url": "WebhookURL", "agent_id": "AgentID", "_": "",
	} {
		err := rules.Invalid(field, "must be %d", 1)
		if err.Error() != name+": must be 1" || err.Message != field+": must be 1" {
			t.Errorf("%s: %q and %q", field, err, err.Message)
		}
	}
	if err := rules.Refuse(rules.CodeWrongState, "Task: x"); err.Error() != "Task: x" {
		t.Errorf("without a field: %q", err)
	}
}

func TestErrorsMatchTheirCodeAndKind(t *testing.T) {
	err := fmt.Errorf("wrapped: %w", rules.Refuse(rules.CodeClaimLapsed, "x"))
	for target, want := range map[error]bool{
		rules.CodeClaimLapsed: true, rules.ErrConflict: true, rules.CodeWrongState: false, rules.ErrInvalid: false,
	} {
		if errors.Is(err, target) != want {
			t.Errorf("matches %v: %v", target, !want)
		}
	}
}
