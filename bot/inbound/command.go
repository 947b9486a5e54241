package inbound

import "github.com/footprint-soc/footprint/hunts"

// Command is a typed slash command. Of Slack's fields only these are promised
// to be there in every delivery.
type Command struct {
	Command     string `json:"command"`
	Text        string `json:"text"`
	User        string `json:"user_id"`
	UserName    string `json:"user_name"`
	Team        string `json:"team_id"`
	Channel     string `json:"channel_id"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
	Enterprise  string `json:"enterprise_id"`
}

// Asker is who typed it, and where.
func (c Command) Asker() hunts.Asker {
	return hunts.Asker{Team: c.Team, User: c.User, Name: c.UserName, Channel: c.Channel}
}
