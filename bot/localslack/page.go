package localslack

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed all:page
var pageAssets embed.FS

// pagePolicy lets the page load its own files and nothing else; nothing that a
// message holds can run.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pageFiles serves the page.
func pageFiles() http.Handler {
	files, err := fs.Sub(pageAssets, "page")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	serve := http.FileServerFS(files)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		if r.URL.Path == "/gallery" {
			r.URL.Path = "/"
		}
		serve.ServeHTTP(rw, r)
	})
}
