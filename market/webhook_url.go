package market

import "github.com/pinchwork/pinchwork/market/internal/weburl"

// CheckWebhookURL returns nil when raw may be a webhook's URL (rule 2.3):
// https, a public host, no user and no fragment, at most 2,000 characters; with
// allowPrivate (Policy.PrivateWebhooks) also http and any host. The error may
// be shown to users and continues a sentence that begins with the field's name.
// What a host name resolves to is checked when the webhook is called.
func CheckWebhookURL(raw string, allowPrivate bool) error { return weburl.Check(raw, allowPrivate) }
