package pages

import (
	_ "embed"
	"net/http"
	"regexp"
	"strings"
)

// installer is the install.sh of the repository's root, which go:embed cannot
// reach; a test holds the two equal.
//
//go:embed install.sh
var installer string

// noServer is the line of the installer that says of which server it is.
const noServer = "\nserver=\n"

// plainAddress is an address that means itself to a shell and to a reader. The
// client may have made it up: without PublicURL it is what the client asked for.
var plainAddress = regexp.MustCompile(`^https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~%/-]*)?$`)

// install is the installer, which leads its user to this server. An address
// that is not plain is left out.
func (p *pages) install(w http.ResponseWriter, r *http.Request) {
	text := installer
	if base := p.api.BaseURL(r); plainAddress.MatchString(base) {
		text = strings.Replace(text, noServer, "\nserver='"+base+"'\n", 1)
	}
	send(w, "text/x-shellscript; charset=utf-8", text, true)
}
