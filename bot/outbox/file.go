package outbox

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
)

// File is a file of a thread.
type File struct {
	Name string
	Data []byte
	Alt  string // what a picture shows, for who can't see it
}

// fileKeys begins the keys of posts that are files, and not messages.
const fileKeys = "file:"

// FileKey is the key under which a file of owner is remembered.
func FileKey(owner, name string) string { return fileKeys + owner + ":" + name }

// Files puts files into a thread, each once. Those that Slack refuses become one
// sentence that names its code: an answer stands without its files.
func (o *Outbox) Files(ctx context.Context, owner string, to Place, files ...File) error {
	var left []string
	code := ""
	for _, f := range files {
		err := o.upload(ctx, owner, to, f)
		if no := Code(err); no != "" && !Gone(err) {
			o.cfg.Log.WarnContext(ctx, "file refused", "file", f.Name, "error", no)
			left, code = append(left, f.Name), no
		} else if err != nil {
			return err
		}
	}
	if len(left) == 0 {
		return nil
	}
	_, err := o.Post(ctx, "refused:"+FileKey(owner, left[0]), to, func(v message.View) message.Message {
		return message.Said("Slack refuses files in this channel ("+code+"), so these are missing: "+strings.Join(left, ", ")+". A workspace admin can allow them.", v)
	})
	return err
}

func (o *Outbox) upload(ctx context.Context, owner string, to Place, f File) error {
	_, err := o.once(ctx, FileKey(owner, f.Name), to, func(unsure *bool) (hunts.Post, error) {
		sent := hunts.Post{Channel: to.Channel}
		err := o.Call(ctx, uploads, func() error {
			if *unsure {
				found, ok, err := o.findOwnFile(ctx, to, f.Name)
				if err != nil {
					return err // looked for again, not sent again
				}
				if ok {
					sent.TS = found
					return nil
				}
			}
			file, err := o.cfg.API.UploadFileContext(ctx, slack.UploadFileParameters{
				Reader: bytes.NewReader(f.Data), FileSize: len(f.Data), Filename: f.Name, Title: f.Name, AltTxt: f.Alt, Channel: to.Channel, ThreadTimestamp: to.Thread,
			})
			if err != nil {
				*unsure = *unsure || unknownOutcome(err)
				return err
			}
			sent.TS = file.ID
			return nil
		})
		return sent, err
	})
	if err != nil {
		return fmt.Errorf("uploading %s: %w", f.Name, err)
	}
	return nil
}

// Remove deletes a file of ours; one that is gone already is no error.
func (o *Outbox) Remove(ctx context.Context, fileID string) error {
	err := o.Call(ctx, removals, func() error { return o.cfg.API.DeleteFileContext(ctx, fileID) })
	if Missing(err) {
		return nil
	}
	return err
}

// Withdraw removes the message or file with a key, if it was sent.
func (o *Outbox) Withdraw(ctx context.Context, key string) error {
	p, ok, err := o.cfg.Store.LoadPost(ctx, key)
	if err != nil || !ok || p.TS == "" {
		return err
	}
	if strings.HasPrefix(key, fileKeys) {
		return o.Remove(ctx, p.TS)
	}
	err = o.Call(ctx, removals, func() error {
		_, _, err := o.cfg.API.DeleteMessageContext(ctx, p.Channel, p.TS)
		return err
	})
	if Missing(err) {
		return nil
	}
	return err
}
