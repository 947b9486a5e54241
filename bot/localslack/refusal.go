package localslack

import (
	"fmt"
	"slices"
)

// Refusal makes a method say no for as long as it stands: always, or in one
// channel. Unlike a Fault it is not used up.
type Refusal struct {
	Method  string
	Channel string // id or name; empty is every channel
	Error   string // a code that Slack documents for the method
}

// commonCodes are documented for every method of the Web API
// (docs.slack.dev/reference/methods, "Errors" of each page).
var commonCodes = []string{
	"access_denied", "account_inactive", "deprecated_endpoint", "ekm_access_denied", "enterprise_is_restricted", "fatal_error", "internal_error", "invalid_arg_name", "invalid_arguments", "invalid_array_arg", "invalid_auth", "invalid_charset",
	"invalid_form_data", "invalid_post_type", "method_deprecated", "missing_post_type", "missing_scope", "no_permission", "not_allowed_token_type", "not_authed", "org_login_required", "ratelimited", "rate_limited", "request_timeout",
	"service_unavailable", "team_access_not_granted", "team_added_to_org", "token_expired", "token_revoked", "two_factor_setup_required",
}

// postCodes are those of chat.postMessage, chat.postEphemeral and chat.update.
var postCodes = []string{
	"as_user_not_supported", "attachment_payload_limit_exceeded", "cannot_reply_to_message", "channel_not_found", "duplicate_channel_not_found", "duplicate_message_not_found", "invalid_blocks", "invalid_blocks_format", "invalid_metadata_format",
	"invalid_metadata_schema", "is_archived", "markdown_text_conflict", "message_limit_exceeded", "messages_tab_disabled", "metadata_must_be_sent_from_app", "metadata_too_large", "msg_blocks_too_long", "msg_too_long", "no_dual_broadcast_content_update",
	"no_text", "not_in_channel", "restricted_action", "restricted_action_non_threadable_channel", "restricted_action_read_only_channel", "restricted_action_thread_locked", "restricted_action_thread_only_channel", "slack_connect_blocked_file_type",
	"slack_connect_canvas_sharing_blocked", "slack_connect_clip_sharing_blocked", "slack_connect_file_link_sharing_blocked", "slack_connect_file_upload_sharing_blocked", "slack_connect_lists_sharing_blocked", "team_not_found", "thread_not_found", "too_many_attachments",
	"too_many_contact_cards",
}

// methodCodes are what the page of each method adds.
var methodCodes = map[string][]string{
	"chat.postMessage":             postCodes,
	"chat.postEphemeral":           append([]string{"user_not_in_channel"}, postCodes...),
	"chat.update":                  append([]string{"block_mismatch", "cant_broadcast_message", "cant_update_message", "edit_window_closed", "external_channel_migrating", "invalid_attachments", "is_inactive", "message_not_found", "streaming_state_conflict", "update_failed"}, postCodes...),
	"chat.delete":                  {"as_user_not_supported", "cant_delete_message", "channel_not_found", "compliance_exports_prevent_deletion", "message_not_found", "streaming_state_conflict"},
	"chat.getPermalink":            {"channel_not_found", "message_not_found"},
	"conversations.info":           {"channel_not_found", "method_not_supported_for_channel_type"},
	"conversations.history":        {"channel_not_found", "invalid_cursor", "invalid_limit", "invalid_metadata_keys", "invalid_ts_latest", "invalid_ts_oldest", "not_in_channel"},
	"conversations.replies":        {"channel_not_found", "invalid_cursor", "invalid_metadata_keys", "invalid_ts_latest", "invalid_ts_oldest", "missing_team_in_org", "thread_not_found"},
	"conversations.members":        {"channel_not_found", "fetch_members_failed", "invalid_cursor", "invalid_limit"},
	"conversations.open":           {"channel_not_found", "invalid_user_combination", "method_not_supported_for_channel_type", "missing_params", "not_enough_users", "not_in_channel", "too_many_users", "user_disabled", "user_not_found", "user_not_visible", "users_list_not_supplied"},
	"users.info":                   {"user_not_found", "user_not_visible"},
	"usergroups.users.list":        {"no_such_subteam", "plan_upgrade_required", "missing_argument"},
	"reactions.add":                {"already_reacted", "bad_timestamp", "channel_not_found", "external_channel_migrating", "invalid_name", "is_archived", "message_not_found", "no_item_specified", "not_reactable", "thread_locked", "too_many_emoji", "too_many_reactions"},
	"reactions.remove":             {"bad_timestamp", "file_not_found", "invalid_name", "message_not_found", "no_item_specified", "no_reaction"},
	"reactions.get":                {"bad_timestamp", "channel_not_found", "message_not_found", "no_item_specified"},
	"files.getUploadURLExternal":   {"file_type_not_allowed", "file_upload_size_restricted", "file_uploads_disabled", "file_uploads_except_images_disabled", "file_too_large", "missing_argument", "unknown_snippet_type", "alt_txt_too_large", "slack_connect_file_upload_sharing_blocked"},
	"files.completeUploadExternal": {"channel_not_found", "cannot_share_to_shared_channel", "file_not_found", "file_update_failed", "file_too_large", "file_type_not_allowed", "file_uploads_disabled", "invalid_blocks", "invalid_channel", "invalid_thread_ts", "missing_argument", "not_in_channel", "posting_to_channel_denied", "posting_to_general_channel_denied", "restricted_action", "thread_not_found"},
	"files.info":                   {"access_denied", "file_deleted", "file_not_found", "timezone_count_failed"},
	"files.delete":                 {"cant_delete_file", "file_deleted", "file_not_found"},
	"views.open":                   {"duplicate_external_id", "exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id", "view_too_large", "trigger_expired", "trigger_exchanged", "not_enabled"},
	"views.push":                   {"duplicate_external_id", "exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id", "push_limit_reached", "view_too_large", "not_enabled"},
	"views.update":                 {"duplicate_external_id", "hash_conflict", "not_found", "view_too_large"},
	"views.publish":                {"duplicate_external_id", "hash_conflict", "view_too_large", "not_enabled"},
	"response_url":                 {"expired_url", "used_url", "no_text", "invalid_payload", "invalid_blocks", "channel_is_archived", "action_prohibited", "posting_to_general_channel_denied"},
	"apps.connections.open":        {"forbidden_team", "socket_mode_disabled", "not_allowed"},
	"auth.test":                    nil,
	"team.info":                    {"team_not_found"},
	"bots.info":                    {"bot_not_found"},
}

// Refuse makes a method say no until allow is called. A code that Slack does not
// document for the method is an error: a test of what never happens proves nothing.
func (w *Workspace) Refuse(r Refusal) (allow func(), err error) {
	codes, known := methodCodes[r.Method]
	if !known {
		return nil, fmt.Errorf("localslack: there is no method %q to refuse", r.Method)
	}
	if !slices.Contains(codes, r.Error) && !slices.Contains(commonCodes, r.Error) {
		return nil, fmt.Errorf("localslack: Slack does not document %q for %s", r.Error, r.Method)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	standing := &r
	w.refusals = append(w.refusals, standing)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.refusals = slices.DeleteFunc(w.refusals, func(x *Refusal) bool { return x == standing })
	}, nil
}

// refused is the code of a call that is refused; empty when none is. The caller
// holds mu.
func (w *Workspace) refused(method, channel string) string {
	for _, r := range w.refusals {
		if r.Method == method && (r.Channel == "" || r.Channel == channel || channel != "" && w.channelNamed(channel) == r.Channel) {
			return r.Error
		}
	}
	return ""
}

func (w *Workspace) channelNamed(id string) string {
	if c := w.channel(id); c != nil {
		return c.Name
	}
	return ""
}
