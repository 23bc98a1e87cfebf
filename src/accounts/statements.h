// Statements: what the store asks, once for both dialects. Immutable; any thread.
#pragma once

#include <string>

#include "sql/schema/own_statements.h"
#include "sql/statement.h"

namespace tidemill::accounts {

struct Statements {
  Statements(sql::Dialect dialect, const std::string& postgres_schema);

  sql::OwnStatements write;

  // What a user is read from is in the order of UserOf (rows.h), sessions as SessionOf, invitations as
  // InviteOf.
  sql::Statement lock, keep_token_key, token_key, has_owner;
  sql::Statement add_link, has_link, take_link, remove_links, remove_all_links;
  sql::Statement add_user, find_login, find_login_by_id, find_user, count_other_owners, change_user,
      change_own, set_password, swap_password, list_users;
  sql::Statement add_session, trim_sessions, end_by_hash, end_session, end_sessions, live_sessions,
      find_session, touch_session, list_sessions, recently_ended;
  sql::Statement add_invite, count_invites, use_invite, find_invite, list_invites, remove_invite,
      remove_invites_of;
  sql::Statement audit, begin_action, end_action, list_audit, audit_floor;
  sql::Statement count, sweep_sessions, sweep_invites, sweep_links, sweep_audit;
};

}  // namespace tidemill::accounts
