package main

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net"
	"net/http"
	"reflect"
	"sync"
	"time"
)

// verbatim keeps the API's last answer as it came: programs get that, with what this
// version does not know.
type verbatim struct {
	next http.RoundTripper

	mu   sync.Mutex
	last []byte
}

func newVerbatim() *verbatim {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	return &verbatim{next: t}
}

// RoundTrip leaves streams alone, which have no end.
func (v *verbatim) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := v.next.RoundTrip(r)
	if err != nil {
		return res, err
	}
	if kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind == "application/json" {
		res.Body = &kept{ReadCloser: res.Body, by: v}
	}
	return res, nil
}

// kept is a body that is kept when it has been read.
type kept struct {
	io.ReadCloser
	by   *verbatim
	text bytes.Buffer
}

func (k *kept) Read(p []byte) (int, error) {
	n, err := k.ReadCloser.Read(p)
	k.text.Write(p[:n])
	return n, err
}

func (k *kept) Close() error {
	k.by.mu.Lock()
	k.by.last = k.text.Bytes()
	k.by.mu.Unlock()
	return k.ReadCloser.Close()
}

// answer is the API's last answer.
func (v *verbatim) answer() []byte {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last
}

// whole is the API's last answer where that is what value was read from, else value.
func (v *verbatim) whole(value any) any {
	body := v.answer()
	if body == nil || value == nil {
		return value
	}
	read := reflect.New(reflect.TypeOf(value))
	if json.Unmarshal(body, read.Interface()) != nil || !reflect.DeepEqual(read.Elem().Interface(), value) {
		return value
	}
	return json.RawMessage(body)
}

// refusal is the members of the API's last answer where that is the refusal with this
// message.
func (v *verbatim) refusal(message string) map[string]json.RawMessage {
	var members map[string]json.RawMessage
	var said string
	if json.Unmarshal(v.answer(), &members) != nil || json.Unmarshal(members["error"], &said) != nil || said != message {
		return nil
	}
	return members
}
