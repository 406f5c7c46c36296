package fault

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

//go:embed texts/*.json
var textFiles embed.FS

type codeText struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// texts holds every code's text by language. A file that cannot be read is a broken build, so loading panics.
var texts = mustLoadTexts()

func mustLoadTexts() map[string]map[Code]codeText {
	files, err := textFiles.ReadDir("texts")
	if err != nil {
		panic(err)
	}
	loaded := map[string]map[Code]codeText{}
	for _, file := range files {
		content, err := textFiles.ReadFile(path.Join("texts", file.Name()))
		if err != nil {
			panic(err)
		}
		byCode := map[Code]codeText{}
		if err := json.Unmarshal(content, &byCode); err != nil {
			panic(fmt.Sprintf("fault: %s: %v", file.Name(), err))
		}
		loaded[strings.TrimSuffix(file.Name(), ".json")] = byCode
	}
	return loaded
}

// Text gives a code's title and detail in the language, or in German, with its placeholders filled.
func Text(language string, code Code, params Params) (title, detail string) {
	text, ok := texts[language][code]
	if !ok {
		text = texts["de"][code]
	}
	detail = text.Detail
	for name, value := range params {
		detail = strings.ReplaceAll(detail, "{{"+name+"}}", value)
	}
	return text.Title, detail
}
