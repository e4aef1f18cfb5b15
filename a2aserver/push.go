package a2aserver

import (
	"context"

	"github.com/a2aproject/a2a-go/v2/a2a"

	"github.com/pinchwork/pinchwork/market"
)

// An agent has one webhook, for all that concerns it, so there is one push notification
// config and every task has it. It is called in the marketplace's own form, by the dialer
// that all webhooks go through.

const webhookID = "webhook"

// CreateTaskPushConfig makes the URL the agent's webhook. Another one is not replaced, since
// other tasks may depend on it.
func (a *agent) CreateTaskPushConfig(ctx context.Context, req *a2a.PushConfig) (*a2a.PushConfig, error) {
	api, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	if req.TaskID != "" {
		if _, err := own(ctx, api, req.TaskID); err != nil {
			return nil, err
		}
	}
	return setWebhook(ctx, api, req)
}

func setWebhook(ctx context.Context, api market.AgentAPI, req *a2a.PushConfig) (*a2a.PushConfig, error) {
	if req.Auth != nil && req.Auth.Scheme != "" {
		return nil, invalid("authentication", "webhooks are signed, with the token as the secret, and send no credentials: leave out authentication")
	}
	if req.ID != "" && req.ID != webhookID {
		return nil, invalid("id", `an agent has one webhook for all its tasks: leave out the id, or give "`+webhookID+`"`)
	}
	me, err := api.Me(ctx)
	if err != nil {
		return nil, told(err)
	}
	if now := me.WebhookURL; now != "" && now != req.URL {
		return nil, wrongState(a2a.ErrUnsupportedOperation, "the agent has another webhook already, which serves all its tasks; delete it first")
	}
	in := market.UpdateInput{WebhookURL: market.Some(req.URL)}
	if req.Token != "" {
		in.WebhookSecret = market.Some(req.Token)
	}
	if me, err = api.UpdateMe(ctx, in); err != nil {
		return nil, told(err)
	}
	return config(req.TaskID, me), nil
}

// config never shows the token.
func config(id a2a.TaskID, me market.Me) *a2a.PushConfig {
	return &a2a.PushConfig{TaskID: id, ID: webhookID, URL: me.WebhookURL}
}

// GetTaskPushConfig is the agent's webhook.
func (a *agent) GetTaskPushConfig(ctx context.Context, req *a2a.GetTaskPushConfigRequest) (*a2a.PushConfig, error) {
	list, err := a.ListTaskPushConfigs(ctx, &a2a.ListTaskPushConfigRequest{TaskID: req.TaskID})
	if err != nil {
		return nil, err
	}
	if len(list.Configs) == 0 || req.ID != "" && req.ID != webhookID {
		return nil, notFound("there is no such push notification config")
	}
	return list.Configs[0], nil
}

// ListTaskPushConfigs is the agent's webhook, if it has one.
func (a *agent) ListTaskPushConfigs(ctx context.Context, req *a2a.ListTaskPushConfigRequest) (*a2a.ListTaskPushConfigResponse, error) {
	api, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := own(ctx, api, req.TaskID); err != nil {
		return nil, err
	}
	me, err := api.Me(ctx)
	if err != nil {
		return nil, told(err)
	}
	res := &a2a.ListTaskPushConfigResponse{Configs: []*a2a.PushConfig{}}
	if me.WebhookURL != "" {
		res.Configs = append(res.Configs, config(req.TaskID, me))
	}
	return res, nil
}

// DeleteTaskPushConfig switches the agent's webhook off, for all its tasks.
func (a *agent) DeleteTaskPushConfig(ctx context.Context, req *a2a.DeleteTaskPushConfigRequest) error {
	api, err := caller(ctx)
	if err != nil {
		return err
	}
	if _, err := own(ctx, api, req.TaskID); err != nil {
		return err
	}
	if req.ID != "" && req.ID != webhookID {
		return notFound("there is no such push notification config")
	}
	_, err = api.UpdateMe(ctx, market.UpdateInput{WebhookURL: market.Null[string](), WebhookSecret: market.Null[string]()})
	return told(err)
}
