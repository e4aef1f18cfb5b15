package pages

import (
	_ "embed"
	"net/http"
	"strings"
)

// installer is the install.sh of the repository's root, which go:embed cannot
// reach; a test holds the two equal.
//
//go:embed install.sh
var installer string

// noServer is the line of the installer that says of which server it is.
const noServer = "\nserver=\n"

// install is the installer, which points its user to this server if its address is
// known. BaseURL holds nothing that a shell would read.
func (p *pages) install(w http.ResponseWriter, r *http.Request) {
	text := installer
	if base := p.api.BaseURL(r); strings.HasPrefix(base, "http") {
		text = strings.Replace(text, noServer, "\nserver='"+base+"'\n", 1)
	}
	send(w, "text/x-shellscript; charset=utf-8", text, true)
}
