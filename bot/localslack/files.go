package localslack

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxUpload bounds one file; Slack takes 1 GB.
const maxUpload = 64 << 20

func (w *Workspace) uploadURL(a args) (answer, *failure) {
	if a["filename"] == "" || a.int("length", 0) <= 0 {
		return nil, fail("missing_argument") // also for length 0
	}
	f := &File{ID: w.id("F0"), Name: a["filename"], Size: a.int("length", 0), Alt: a["alt_txt"]}
	w.uploads[f.ID] = f
	return answer{"upload_url": w.base + "/upload/" + f.ID, "file_id": f.ID}, nil
}

func (w *Workspace) serveUpload(rw http.ResponseWriter, r *http.Request) {
	var data []byte
	var err error
	if part, _, formErr := r.FormFile("file"); formErr == nil {
		data, err = io.ReadAll(io.LimitReader(part, maxUpload))
	} else {
		data, err = io.ReadAll(io.LimitReader(r.Body, maxUpload))
	}
	if err != nil {
		http.Error(rw, "upload broken", http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.uploads[r.PathValue("id")]
	if f == nil {
		http.Error(rw, "no such upload", http.StatusNotFound)
		return
	}
	f.Data, f.Size = data, len(data)
	rw.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(rw, "OK") // a client that left is no error of ours
}

func (w *Workspace) completeUpload(a args) (answer, *failure) {
	var list []struct{ ID, Title string }
	if json.Unmarshal([]byte(a["files"]), &list) != nil || len(list) == 0 {
		return nil, fail("missing_argument")
	}
	var done []File
	for _, item := range list {
		f := w.uploads[item.ID]
		if f == nil || f.Data == nil {
			return nil, fail("file_not_found")
		}
		f.Title = item.Title
		f.URL = w.base + "/files/" + f.ID + "/" + f.Name
		done = append(done, *f)
	}
	id := a["channel_id"]
	if id == "" {
		id = strings.Split(a["channels"], ",")[0]
	}
	if id != "" {
		c, failed := w.reachable(id)
		if failed != nil {
			return nil, failed
		}
		w.add(c, &Message{User: botUser, BotID: botID, Team: teamID, Text: a["initial_comment"], ThreadTS: a["thread_ts"], Files: done, Subtype: "file_share"})
	}
	var out []any
	for _, f := range done {
		kept := *w.uploads[f.ID]
		w.files[f.ID] = &kept
		delete(w.uploads, f.ID) // once only
		out = append(out, answer{"id": f.ID, "title": f.Title})
	}
	return answer{"files": out}, nil
}

func (w *Workspace) fileInfo(a args) (answer, *failure) {
	f := w.files[a["file"]]
	if f == nil {
		return nil, fail("file_not_found")
	}
	return answer{"file": answer{"id": f.ID, "name": f.Name, "title": f.Title, "size": f.Size, "url_private": f.URL, "url_private_download": f.URL, "mimetype": "text/plain", "mode": "hosted"}}, nil
}

func (w *Workspace) deleteFile(a args) (answer, *failure) {
	if w.files[a["file"]] == nil {
		return nil, fail("file_not_found")
	}
	delete(w.files, a["file"])
	for _, c := range w.channels {
		for _, m := range c.messages {
			for i, f := range m.Files {
				if f.ID == a["file"] {
					m.Files = append(m.Files[:i], m.Files[i+1:]...)
					w.feed.send("update", w.shownMessage(c, m))
					break
				}
			}
		}
	}
	w.signal()
	return answer{}, nil
}

// serveFile hands a file out as a download, never as a page.
func (w *Workspace) serveFile(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	f := w.files[r.PathValue("id")]
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	// the page's own downloads carry no token; an app's need the scope
	allowed := token == "" || token == botToken && w.scoped("files:read")
	w.mu.Unlock()
	if !allowed {
		http.Redirect(rw, r, "/signin?redir="+url.QueryEscape(r.URL.Path), http.StatusFound)
		return
	}
	if f == nil {
		http.NotFound(rw, r)
		return
	}
	rw.Header().Set("Content-Type", "application/octet-stream")
	if http.DetectContentType(f.Data) == "image/png" { // the page shows it; nothing else is shown
		rw.Header().Set("Content-Type", "image/png")
	}
	rw.Header().Set("Content-Disposition", "attachment")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = rw.Write(f.Data) // a client that left is no error of ours
}

// FileData is what was uploaded under an id.
func (w *Workspace) FileData(id string) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f := w.files[id]; f != nil {
		return f.Data
	}
	return nil
}
