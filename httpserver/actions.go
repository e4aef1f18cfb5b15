package httpserver

import (
	"reflect"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// Action is a market.Action as answers of the API have it.
type Action struct {
	Action string `json:"action"`
	Method string `json:"method"`
	// Path is below the server's address, as all paths of the OpenAPI document are.
	Path string `json:"path"`
}

// actionRoutes are the routes on which agents act, by name.
var actionRoutes = map[market.Action]string{
	market.ActionPickup: "pickupTaskById", market.ActionAsk: "askQuestion", market.ActionCancel: "cancelTask",
	market.ActionDeliver: "deliverTask", market.ActionProgress: "reportProgress", market.ActionMessage: "sendMessage",
	market.ActionAbandon: "abandonTask", market.ActionApprove: "approveTask", market.ActionReject: "rejectTask",
	market.ActionRate: "ratePoster",
}

// actionsOn leaves out what this server has switched off.
func (s *Server) actionsOn(id market.TaskID, actions []market.Action) []Action {
	var out []Action
	for _, a := range actions {
		if r := s.actions[a]; r != nil {
			out = append(out, Action{string(a), r.Method, strings.Replace(r.Path, "{id}", string(id), 1)})
		}
	}
	return out
}

// linked is an answer with its actions as links. Their field hides the answer's own.
func (s *Server) linked(value any) any {
	switch v := value.(type) {
	case market.Task:
		return struct {
			*market.Task
			Actions []Action `json:"actions,omitempty"`
		}{&v, s.actionsOn(v.TaskID, v.Actions)}
	case *awaited:
		return struct {
			*awaited
			Actions []Action `json:"actions,omitempty"`
		}{v, s.actionsOn(v.TaskID, v.Actions)}
	case *market.Posted:
		return struct {
			*market.Posted
			Actions []Action `json:"actions,omitempty"`
		}{v, s.actionsOn(v.TaskID, v.Actions)}
	case *market.Pickup:
		if v == nil {
			return v
		}
		return struct {
			*market.Pickup
			Actions []Action `json:"actions,omitempty"`
		}{v, s.actionsOn(v.TaskID, v.Actions)}
	}
	return value
}

// findActions looks up the routes of the actions.
func (s *Server) findActions() {
	s.actions = map[market.Action]*Route{}
	for i := range s.routes {
		for a, name := range actionRoutes {
			if s.routes[i].Name == name {
				s.actions[a] = &s.routes[i]
			}
		}
	}
}

var actionType = reflect.TypeFor[market.Action]()
