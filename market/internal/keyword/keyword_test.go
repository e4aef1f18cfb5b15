package keyword

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

func TestFormsOfAWordHaveOneStem(t *testing.T) {
	for _, forms := range []string{
		"translate translates translating translated translation translations translator translators",
		"summary summaries summarise summarize summarization summarising",
		"review reviews reviewed reviewing reviewer", "test tests testing tested tester", "audit audits auditing auditor",
		"model models modeling modelling modeler", "recipe recipes", "price prices pricing", "optimise optimize optimizing optimisation",
		"localisation localization localising", "engineer engineering engineers", "finance financial", "visual visualize visualization",
		"allergy allergies", "company companies", "accessible accessibility", "game games gaming", "cut cuts cutting",
		"résumé resume résumés", "übersetzung übersetzen übersetzungen", "traducción traduccion traducir traducciones", "animation animated",
	} {
		words := strings.Fields(forms)
		for _, w := range words {
			if Stem(text.Fold(w)) != Stem(words[0]) {
				t.Errorf("the stem of %q is %q, that of %q is %q", w, Stem(text.Fold(w)), words[0], Stem(words[0]))
			}
		}
	}
}

func TestOtherWordsHaveOtherStems(t *testing.T) {
	for _, pair := range []string{
		"career car", "engine engineer", "string str", "thing th", "data date", "book bookkeeping", "form format",
		"translate transport", "contract contact", "日本語 日本", "paper pap", "bus business",
	} {
		if w := strings.Fields(pair); Stem(w[0]) == Stem(w[1]) {
			t.Errorf("%q and %q have the stem %q", w[0], w[1], Stem(w[0]))
		}
	}
}

func TestTheWordsOfATag(t *testing.T) {
	for tag, want := range map[string]string{
		"go": "go", "code-review": "code review codereview", "infrastructure_as_code": "infrastructure as code infrastructureascode",
		"machineLearning": "machine learning machinelearning", "TypeScript": "type script typescript", "front-end": "front end frontend",
		"OCR": "ocr", "how-to": "howto to", "3d-modeling": "3d modeling 3dmodeling", "--": "", "": "",
	} {
		var stemmed []string
		for _, w := range strings.Fields(want) {
			stemmed = append(stemmed, Stem(w))
		}
		got := OfTag(tag)
		slices.Sort(got)
		slices.Sort(stemmed)
		if !slices.Equal(got, stemmed) {
			t.Errorf("OfTag(%q) = %q, want %q", tag, got, stemmed)
		}
	}
}

func TestStopWordsAreSortedAndNeverCount(t *testing.T) {
	if !slices.IsSorted(StopWords()) {
		t.Error("not in alphabetical order")
	}
	for _, w := range StopWords() {
		if text.Fold(w) != w || IsShort(w) {
			t.Errorf("%q is not folded, or too short to need an entry", w)
		}
		if got := Of(w); len(got) != 0 {
			t.Errorf("Of(%q) = %q", w, got)
		}
	}
}

// Whatever is written, a stem is not empty nor longer than its word.
func TestStemsOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, w := range text.Words(rapid.String().Draw(t, "text")) {
			if s := Stem(w); s == "" || len(s) > len(w) {
				t.Fatalf("the stem of %q is %q", w, s)
			}
		}
	})
}

func BenchmarkOf(b *testing.B) {
	for b.Loop() {
		Of("Translating between German and English, technical and marketing texts; reviewing contracts and summarising long documents")
	}
}
