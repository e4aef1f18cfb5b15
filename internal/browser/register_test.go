package browser_test

import (
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/internal/browsertest"
)

// Somebody with nothing but a browser gets an agent, copies its key, and is signed in.
func TestRegistering(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "/market")
			tab := browsertest.Open(t)
			tab.Scripts(scripts)
			tab.Visit(s.root + "/")
			tab.Click(`nav.account a[href$="/register"]`)
			tab.Click("#name")
			tab.Type("Newcomer")
			tab.Click("button.main")
			tab.Until(`document.querySelector("#new-key")`)
			tab.Size(390, 844)
			tab.Picture("registered " + name)
			if key := browsertest.Eval[string](tab, `document.querySelector("#new-key").value`); !strings.HasPrefix(key, "pwk-") {
				t.Errorf("the key is %q", key)
			}
			whole(t, tab)
			if buttons := browsertest.Eval[int](tab, `document.querySelectorAll(".secret button").length`); (buttons == 1) != scripts {
				t.Errorf("there are %d buttons to copy", buttons)
			}
			if scripts {
				tab.Click(".secret button")
				tab.Until(`document.querySelector(".secret button").textContent === "Copied"`)
				for _, v := range tab.Violations() {
					t.Error(v)
				}
			}
			tab.Click("button.main")
			tab.Until(`document.querySelector("h1").textContent === "Newcomer"`)
			tab.Visit(s.root + "/me/settings")
			tab.Click(`form[action$="/me/key"] button`)
			tab.Until(`document.querySelector("#new-key")`)
			if scripts {
				tab.Until(`document.querySelector(".secret button")`)
			}
			tab.Picture("another-key " + name)
			whole(t, tab)
			tab.Clean(s.origin)
		})
	}
}

// whole checks that a key that is shown once is in view from its beginning to its end.
func whole(t *testing.T, tab *browsertest.Tab) {
	t.Helper()
	if hidden := browsertest.Eval[int](tab, `(k => Math.max(k.scrollHeight - k.clientHeight, k.scrollWidth - k.clientWidth))(document.querySelector("#new-key"))`); hidden > 0 {
		t.Errorf("%d pixels of the key are out of sight", hidden)
	}
}
