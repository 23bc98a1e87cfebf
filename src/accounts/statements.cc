#include "accounts/statements.h"

#include <string_view>

namespace tidemill::accounts {
namespace {

constexpr sql::DialectWord kWords[] = {
    {"USER_COLUMNS",
     "u.id, u.username, u.name, u.email, u.role, u.disabled_at, u.created_at, u.generation, u.console",
     "u.id, u.username, u.name, u.email, u.role, u.disabled_at, u.created_at, u.generation, u.console"},
    {"OWN_COLUMNS", "id, username, name, email, role, disabled_at, created_at, generation, console",
     "id, username, name, email, role, disabled_at, created_at, generation, console"},
    {"INVITE_COLUMNS", "i.id, i.role, i.uses_left, i.created_at, i.expires_at, i.email, u.name",
     "i.id, i.role, i.uses_left, i.created_at, i.expires_at, i.email, u.name"},
    // With what names the tokens of the session that has just ended.
    {"ENDED", "id, (select generation from @_users as of_it where of_it.id = user_id)",
     "id, (select generation from @_users as of_it where of_it.id = user_id)"},
    {"PLACE_IN", "strpos", "instr"},
    {"AS_IT_STAYS", "for share of u ", ""},
};

constexpr std::string_view kAddUser =
    "insert into @_users (id, username, name, email, role, password, created_at) "
    "values ($1, $2, $3, $4, $5, $6, NOW) returning OWN_COLUMNS";
constexpr std::string_view kChangeUser =
    "update @_users set role = $2, name = $3, disabled_at = case when cast($4 as bigint) = 0 then 0 "
    "when disabled_at > 0 then disabled_at else NOW end, generation = generation + cast($5 as bigint), "
    "console = $6 "
    "where id = $1 returning OWN_COLUMNS";
constexpr std::string_view kListUsers =
    "select USER_COLUMNS from @_users as u where u.username > $1 and ($2 = '' or "
    "PLACE_IN(u.username, $2) > 0 or PLACE_IN(lower(u.name), $2) > 0 or PLACE_IN(lower(u.email), $2) > 0) "
    "order by u.username limit $3";
constexpr std::string_view kAddSession =
    "insert into @_sessions (id, token_hash, user_id, address, agent, created_at, last_seen_at, expires_at) "
    "select cast($1 as text), cast($2 as text), u.id, cast($4 as text), cast($5 as text), NOW, NOW, "
    "NOW + cast($6 as bigint) from @_users as u "
    "where u.id = $3 and u.disabled_at = 0 and u.password = $7 AS_IT_STAYS"
    "returning id, created_at, last_seen_at, expires_at, address, agent";
constexpr std::string_view kTrimSessions =
    "update @_sessions set ended_at = NOW where user_id = $1 and ended_at = 0 and id not in "
    "(select id from @_sessions where user_id = $1 and ended_at = 0 order by last_seen_at desc, "
    "created_at desc limit $2) returning ENDED";
constexpr std::string_view kFindSession =
    "select s.id, s.created_at, s.last_seen_at, s.expires_at, s.address, s.agent, USER_COLUMNS "
    "from @_sessions as s join @_users as u on u.id = s.user_id "
    "where s.token_hash = $1 and s.ended_at = 0 and s.expires_at > NOW "
    "and s.last_seen_at > NOW - cast($2 as bigint) and u.disabled_at = 0";
constexpr std::string_view kListSessions =
    "select id, created_at, last_seen_at, expires_at, address, agent from @_sessions where user_id = $1 and "
    "ended_at = 0 and expires_at > NOW and last_seen_at > NOW - cast($2 as bigint) order by last_seen_at "
    "desc";
constexpr std::string_view kRecentlyEnded =
    "select s.id, u.generation from @_sessions as s join @_users as u on u.id = s.user_id "
    "where s.ended_at > 0 and s.ended_at > NOW - cast($1 as bigint) order by s.ended_at desc limit 10000";
constexpr std::string_view kAddInvite =
    "insert into @_invites (id, token_hash, role, uses_left, email, created_by, created_at, expires_at) "
    "values ($1, $2, $3, $4, $5, $6, NOW, NOW + cast($7 as bigint))";
constexpr std::string_view kGoodInvites = "i.uses_left > 0 and i.expires_at > NOW";
constexpr std::string_view kAudit =
    "insert into @_audit (at, actor, action, target, address, detail) values (NOW, $1, $2, $3, $4, $5)";
constexpr std::string_view kBeginAction =
    "insert into @_audit (at, actor, action, target, address, detail) values (NOW, $1, $2, $3, $4, '') "
    "returning id";
// Those that one page looks at, so that a filter does not look through years.
constexpr std::string_view kLookedAt =
    "(select * from @_audit where cast($1 as bigint) = 0 or id < cast($1 as bigint) "
    "order by id desc limit 10000) as a";
constexpr std::string_view kMatches =
    "left join @_users as u on u.id = a.actor left join @_users as t on t.id = a.target "
    "where ($3 = '' or u.username = $3 or a.actor = $3) and ($4 = '' or PLACE_IN(a.action, $4) > 0) "
    "and ($5 = '' or PLACE_IN(a.target, $5) > 0 or t.username = $5) order by a.id desc limit $2";
constexpr std::string_view kCount =
    "select (select count(*) from @_users), "
    "(select count(*) from @_sessions where ended_at = 0 and expires_at > NOW)";
constexpr std::string_view kSweepSessions =
    "delete from @_sessions where id in (select id from @_sessions where "
    "(ended_at > 0 and ended_at < NOW - 3600000) or expires_at < NOW limit 500)";
constexpr std::string_view kSweepInvites =
    "delete from @_invites where id in (select id from @_invites where uses_left <= 0 or expires_at < NOW "
    "limit 500)";
// Of the oldest only, so that nothing is looked through.
constexpr std::string_view kSweepAudit =
    "delete from @_audit where id in (select id from (select id, at from @_audit order by id limit 500) "
    "as oldest where at < NOW - cast($1 as bigint))";

std::string ListAudit() {
  std::string text =
      "select a.id, a.at, a.actor, a.action, a.target, a.address, a.detail, a.result, "
      "coalesce(u.username, ''), coalesce(t.username, '') from ";
  text.append(kLookedAt).append(" ").append(kMatches);
  return text;
}

std::string AuditFloor() {
  std::string text = "select coalesce(min(a.id), 0), count(*) from ";
  text.append(kLookedAt);
  return text;
}

std::string InvitesWhere(std::string_view condition) {
  std::string text =
      "select INVITE_COLUMNS from @_invites as i join @_users as u on u.id = i.created_by where ";
  text.append(kGoodInvites).append(condition);
  return text;
}

}  // namespace

Statements::Statements(sql::Dialect dialect, const std::string& postgres_schema)
    : write(dialect, sql::OwnTable(dialect, postgres_schema, "tidemill_account"), kWords),
      lock(write("update @_state set changes = changes + 1")),
      keep_token_key(write("update @_state set token_key = $1 where token_key = ''")),
      token_key(write("select token_key from @_state")),
      has_owner(write("select 1 from @_users where role = 'owner' limit 1")),
      add_link(write("insert into @_links (token_hash, kind, user_id, expires_at) "
                     "values ($1, $2, $3, NOW + cast($4 as bigint))")),
      has_link(write("select 1 from @_links where token_hash = $1 and kind = $2 and expires_at > NOW")),
      take_link(write("delete from @_links where token_hash = $1 and kind = $2 and expires_at > NOW "
                      "returning user_id")),
      remove_links(write("delete from @_links where kind = $1 and user_id = $2")),
      remove_all_links(write("delete from @_links where kind = $1")),
      add_user(write(kAddUser)),
      find_login(write("select USER_COLUMNS, u.password from @_users as u where u.username = $1")),
      find_login_by_id(write("select USER_COLUMNS, u.password from @_users as u where u.id = $1")),
      find_user(write("select USER_COLUMNS from @_users as u where u.id = $1")),
      count_other_owners(
          write("select count(*) from @_users where role = 'owner' and disabled_at = 0 and id <> $1")),
      change_user(write(kChangeUser)),
      change_own(write("update @_users set name = case when $2 = '' then name else $2 end, "
                       "email = case when cast($4 as bigint) = 0 then email else $3 end "
                       "where id = $1 and disabled_at = 0 returning OWN_COLUMNS")),
      set_password(write("update @_users set password = $2 where id = $1 and disabled_at = 0 "
                         "returning OWN_COLUMNS")),
      swap_password(write("update @_users set password = $3 where id = $1 and password = $2 "
                          "and disabled_at = 0 returning OWN_COLUMNS")),
      list_users(write(kListUsers)),
      add_session(write(kAddSession)),
      trim_sessions(write(kTrimSessions)),
      end_by_hash(write("update @_sessions set ended_at = NOW where token_hash = $1 and ended_at = 0 "
                        "returning ENDED")),
      end_session(
          write("update @_sessions set ended_at = NOW where id = $1 and user_id = $2 and ended_at = 0 "
                "returning ENDED")),
      end_sessions(write("update @_sessions set ended_at = NOW where user_id = $1 and id <> $2 and "
                         "ended_at = 0 returning ENDED")),
      live_sessions(write("select id from @_sessions where user_id = $1 and ended_at = 0")),
      find_session(write(kFindSession)),
      touch_session(write("update @_sessions set last_seen_at = NOW where id = $1 and ended_at = 0")),
      list_sessions(write(kListSessions)),
      recently_ended(write(kRecentlyEnded)),
      add_invite(write(kAddInvite)),
      count_invites(write("select count(*) from @_invites where uses_left > 0 and expires_at > NOW")),
      use_invite(write("update @_invites set uses_left = uses_left - 1 where token_hash = $1 and "
                       "uses_left > 0 and expires_at > NOW returning id, role")),
      find_invite(write(InvitesWhere(" and i.token_hash = $1"))),
      list_invites(write(InvitesWhere(" order by i.created_at desc limit 1000"))),
      remove_invite(write("delete from @_invites where id = $1 returning role")),
      remove_invites_of(write("delete from @_invites where created_by = $1")),
      audit(write(kAudit)),
      begin_action(write(kBeginAction)),
      end_action(write("update @_audit set result = $2 where id = $1")),
      list_audit(write(ListAudit())),
      audit_floor(write(AuditFloor())),
      count(write(kCount)),
      sweep_sessions(write(kSweepSessions)),
      sweep_invites(write(kSweepInvites)),
      sweep_links(write("delete from @_links where expires_at < NOW")),
      sweep_audit(write(kSweepAudit)) {}

}  // namespace tidemill::accounts
