package push

import (
	"embed"
	"encoding/json"
	"fmt"
	"sync"
)

//go:embed texts/*.json
var textFiles embed.FS

// texts are the words of one language. They name nobody.
type texts struct {
	Language string          `json:"-"`
	Dir      string          `json:"dir"` // ltr or rtl
	Title    string          `json:"title"`
	Bodies   map[Kind]string `json:"bodies"`
}

const defaultLanguage = "de"

// Languages are those that messages are written in.
var Languages = []string{"de", "en", "tr", "ar", "uk", "ru"}

var allTexts = sync.OnceValue(func() map[string]texts {
	all := map[string]texts{}
	for _, language := range Languages {
		content, err := textFiles.ReadFile("texts/" + language + ".json")
		words := texts{Language: language}
		if err == nil {
			err = json.Unmarshal(content, &words)
		}
		if err != nil {
			panic(fmt.Sprintf("push: texts/%s.json: %v", language, err)) // a test reads them all
		}
		all[language] = words
	}
	return all
})

// textsIn gives German for a language that there is none of.
func textsIn(language string) texts {
	if words, ok := allTexts()[language]; ok {
		return words
	}
	return allTexts()[defaultLanguage]
}
