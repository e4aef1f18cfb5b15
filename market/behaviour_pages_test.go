package market_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// maxPage is what a page may have of texts as JSON writes them, and what may come
// on top for everything else.
const maxPage = 4<<20 + 512<<10

// follow reads all pages of a list and checks that each is bounded and that
// together they hold everything, in order and once.
func follow[T any](t *testing.T, what string, want []T, read func(market.Page) (page []T, next int, list any, err error)) {
	t.Helper()
	var got []T
	pages := 0
	for offset := 0; ; pages++ {
		page, next, list, err := read(market.Page{Limit: 100, Offset: offset})
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > maxPage && len(page) > 1 || len(page) == 0 {
			t.Errorf("%s: a page of %d items has %d bytes", what, len(page), len(data))
		}
		got = append(got, page...)
		if next == 0 {
			break
		}
		if next != offset+len(page) {
			t.Fatalf("%s: the page from %d has %d items and goes on at %d", what, offset, len(page), next)
		}
		offset = next
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if pages == 0 || string(a) != string(b) {
		t.Errorf("%s: %d pages hold %s, want %s", what, pages+1, a, b)
	}
}

// Texts may be long, and a hundred of them far more than anybody can take at once.
func TestPagesAreBoundedInBytesAndSayWhereTheyGoOn(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		var oldest, newest []market.TaskID
		for range 11 {
			posted, err := ada.API.Post(k.Ctx, market.PostInput{
				Need: strings.Repeat("漢", limits.Need), Context: strings.Repeat("\x01", limits.Context), MaxCredits: 1,
			})
			if err != nil {
				t.Fatal(err)
			}
			oldest, newest = append(oldest, posted.TaskID), append([]market.TaskID{posted.TaskID}, newest...)
		}
		ids := func(n int, id func(int) market.TaskID) (out []market.TaskID) {
			for i := range n {
				out = append(out, id(i))
			}
			return out
		}
		follow(t, "mine", newest, func(p market.Page) ([]market.TaskID, int, any, error) {
			list, err := ada.API.Mine(k.Ctx, market.MineQuery{Page: p})
			return ids(len(list.Tasks), func(i int) market.TaskID { return list.Tasks[i].TaskID }), list.NextOffset, list, err
		})
		follow(t, "browse", oldest, func(p market.Page) ([]market.TaskID, int, any, error) {
			list, err := bob.API.Browse(k.Ctx, market.BrowseQuery{Page: p})
			return ids(len(list.Tasks), func(i int) market.TaskID { return list.Tasks[i].TaskID }), list.NextOffset, list, err
		})
		list, err := ada.API.Mine(k.Ctx, market.MineQuery{Page: market.Page{Limit: 2}})
		if err != nil || len(list.Tasks) != 2 || list.NextOffset != 0 {
			t.Errorf("a page that its limit ends: %d tasks, next %d, %v", len(list.Tasks), list.NextOffset, err)
		}
	})
}

func TestALongConversationIsReadInPages(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(1))
		bob.Claim(id)
		var want []market.MessageID
		send := func(n int, text string) {
			for range n {
				m, err := bob.API.SendMessage(k.Ctx, id, text)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, m.ID)
			}
		}
		read := func(p market.Page) ([]market.MessageID, market.MessageList) {
			list, err := ada.API.Messages(k.Ctx, id, p)
			if err != nil {
				t.Fatal(err)
			}
			var ids []market.MessageID
			for _, m := range list.Messages {
				ids = append(ids, m.ID)
			}
			return ids, list
		}
		send(205, "hello")
		if got, list := read(market.Page{}); len(got) != 205 || list.Total != 205 || list.NextOffset != 0 {
			t.Errorf("short messages: %d of %d, next %d", len(got), list.Total, list.NextOffset)
		}
		send(150, strings.Repeat("\x01", limits.Reason))
		follow(t, "messages", want, func(p market.Page) ([]market.MessageID, int, any, error) {
			p.Limit = 1000
			got, list := read(p)
			return got, list.NextOffset, list, nil
		})
	})
}
