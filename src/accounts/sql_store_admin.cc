#include "accounts/sql_store_admin.h"

#include <utility>

#include "accounts/rows.h"
#include "accounts/sql_store.h"
#include "accounts/transaction_steps.h"

namespace tidemill::accounts {
namespace {

constexpr char kLastOwner[] =
    "this is the last owner; make somebody else an owner first, or nobody could manage this server";
constexpr char kNotAllowed[] = "your role does not allow this";
constexpr char kOwnersOnly[] = "only an owner may, as it concerns the console";
constexpr char kReset[] = "reset";  // links of LinkKind::kReset

// Who acts, as the database knows them now; nullopt: may manage nobody.
Task<sql::Result<std::optional<User>>> FindManager(Steps& steps, const Actor& actor) {
  if (actor.is_operator) co_return User{.role = Role::kOwner};
  TM_CO_TRY_ASSIGN(std::optional<User> found, co_await steps.FindUser(actor.user));
  if (!found || found->disabled || !MayManage(found->role)) co_return std::nullopt;
  co_return found;
}

// Who has a role in the console can be changed by owners only: a link for a new password would give its
// maker that role.
bool MayTouch(const User& manager, const User& target) {
  return manager.role == Role::kOwner || target.console.empty();
}

bool TakesAnOwner(const User& user, const UserChange& change) {
  const bool is_one = user.role == Role::kOwner && !user.disabled;
  return is_one && (change.disabled.value_or(false) || change.role.value_or(Role::kOwner) != Role::kOwner);
}

std::string Describe(const User& before, const User& after) {
  std::string text;
  const auto add = [&text](const std::string& words) { text += (text.empty() ? "" : ", ") + words; };
  if (before.role != after.role) {
    add("role from " + std::string(Name(before.role)) + " to " + std::string(Name(after.role)));
  }
  if (before.disabled != after.disabled) add(after.disabled ? "disabled" : "enabled");
  if (before.name != after.name) add("name");
  const auto right = [](const User& user) { return user.console.empty() ? "none" : user.console; };
  if (before.console != after.console) add("console from " + right(before) + " to " + right(after));
  return text;
}

// What becomes of the sessions, tokens, invitations and links that `user`, as it was, has. After the row has
// changed: a log-in that was under way has ended by then, or finds it changed.
Task<sql::Result<>> EndWhatIsStale(Steps& steps, const Statements& sql, const User& user,
                                   const UserChange& change, Changed& changed) {
  if (change.disabled.value_or(false) && !user.disabled) {
    TM_CO_TRY(co_await steps.EndSessions(user.id, "", changed.ended));
  } else if (change.role && *change.role != user.role) {
    TM_CO_TRY_ASSIGN(const sql::Rows live, co_await steps.Run(sql.live_sessions, {user.id}));
    for (std::size_t i = 0; i < live.size(); ++i) {
      changed.ended.push_back(TokenIdOf(TextOf(live[i], 0), user.generation));
    }
  } else if (change.console && *change.console != user.console) {
    // Somebody who may not touch the user any more may have made one.
    TM_CO_TRY(co_await steps.Run(sql.remove_links, {std::string(kReset), user.id}));
    co_return {};
  } else {
    co_return {};
  }
  TM_CO_TRY(co_await steps.Run(sql.remove_invites_of, {user.id}));
  TM_CO_TRY(co_await steps.Run(sql.remove_links, {std::string(kReset), user.id}));
  // Who made a link is not kept: one who may have made some takes all with it.
  if (MayManage(user.role)) TM_CO_TRY(co_await steps.Run(sql.remove_all_links, {std::string(kReset)}));
  co_return {};
}

}  // namespace

Task<sql::Result<>> ChangeUserIn(sql::Transaction& transaction, const Statements& sql, const Actor& actor,
                                 const std::string& user, const UserChange& change,
                                 Decision<Changed>& decision) {
  Steps steps(transaction, sql);
  TM_CO_TRY(co_await steps.Lock());
  TM_CO_TRY_ASSIGN(const std::optional<User> manager, co_await FindManager(steps, actor));
  if (!manager) co_return decision.Refuse(Errc::kPermissionDenied, kNotAllowed);
  TM_CO_TRY_ASSIGN(const std::optional<User> target, co_await steps.FindUser(user));
  if (!target) co_return decision.Refuse(Errc::kNotFound, "there is no such user");
  if (!MayChange(manager->role, target->role) || (change.role && !MayGrant(manager->role, *change.role))) {
    co_return decision.Refuse(Errc::kPermissionDenied, kNotAllowed);
  }
  if (!MayTouch(*manager, *target) || (change.console && manager->role != Role::kOwner)) {
    co_return decision.Refuse(Errc::kPermissionDenied, kOwnersOnly);
  }
  if (change.disabled.value_or(false) && target->id == manager->id) {
    co_return decision.Refuse(Errc::kRefused, "you cannot disable yourself; another owner or admin can");
  }
  if (TakesAnOwner(*target, change)) {
    TM_CO_TRY_ASSIGN(const sql::Rows others, co_await steps.Run(sql.count_other_owners, {target->id}));
    if (IntegerOf(others[0], 0) == 0) co_return decision.Refuse(Errc::kRefused, kLastOwner);
  }
  const Role role = change.role.value_or(target->role);
  const std::int64_t disabled = change.disabled.value_or(target->disabled) ? 1 : 0;
  const std::int64_t generations = role == target->role ? 0 : 1;
  TM_CO_TRY_ASSIGN(
      const sql::Rows changed,
      co_await steps.Run(sql.change_user,
                         {target->id, std::string(Name(role)), change.name.value_or(target->name), disabled,
                          generations, change.console.value_or(target->console)}));
  decision.value.user = UserOf(changed[0]);
  TM_CO_TRY(co_await EndWhatIsStale(steps, sql, *target, change, decision.value));
  co_return co_await steps.Audit(actor, "user.changed", target->id, Describe(*target, decision.value.user));
}

Task<sql::Result<>> AddResetLinkIn(sql::Transaction& transaction, const Statements& sql, const Actor& actor,
                                   const std::string& user, const std::string& token_hash, Duration ttl,
                                   Decision<User>& decision) {
  Steps steps(transaction, sql);
  TM_CO_TRY(co_await steps.Lock());
  TM_CO_TRY_ASSIGN(const std::optional<User> manager, co_await FindManager(steps, actor));
  if (!manager) co_return decision.Refuse(Errc::kPermissionDenied, kNotAllowed);
  TM_CO_TRY_ASSIGN(std::optional<User> target, co_await steps.FindUser(user));
  if (!target) co_return decision.Refuse(Errc::kNotFound, "there is no such user");
  if (!MayChange(manager->role, target->role)) {
    co_return decision.Refuse(Errc::kPermissionDenied, kNotAllowed);
  }
  if (!MayTouch(*manager, *target)) co_return decision.Refuse(Errc::kPermissionDenied, kOwnersOnly);
  if (target->disabled) co_return decision.Refuse(Errc::kRefused, "this user is disabled; enable it first");
  const std::string kind = kReset;
  TM_CO_TRY(co_await steps.Run(sql.remove_links, {kind, target->id}));
  TM_CO_TRY(co_await steps.Run(sql.add_link, {token_hash, kind, target->id, ttl.ms}));
  TM_CO_TRY(co_await steps.Audit(actor, "password.reset_link_made", target->id));
  decision.value = *std::move(target);
  co_return {};
}

Task<sql::Result<>> AddInviteIn(sql::Transaction& transaction, const Statements& sql, const Actor& actor,
                                const NewInvite& invite, Decision<Invite>& decision) {
  Steps steps(transaction, sql);
  TM_CO_TRY(co_await steps.Lock());
  TM_CO_TRY_ASSIGN(const std::optional<User> manager, co_await FindManager(steps, actor));
  if (!manager || !MayGrant(manager->role, invite.role)) {
    co_return decision.Refuse(Errc::kPermissionDenied, kNotAllowed);
  }
  TM_CO_TRY_ASSIGN(const sql::Rows open, co_await steps.Run(sql.count_invites));
  if (IntegerOf(open[0], 0) >= kInvitesMax) {
    co_return decision.Refuse(Errc::kRefused, "1000 invitations are open; remove some first");
  }
  TM_CO_TRY(co_await steps.Run(sql.add_invite, {invite.id, invite.token_hash, std::string(Name(invite.role)),
                                                invite.uses, invite.email, manager->id, invite.ttl.ms}));
  TM_CO_TRY_ASSIGN(const sql::Rows added, co_await steps.Run(sql.find_invite, {invite.token_hash}));
  if (added.empty()) co_return decision.Refuse(Errc::kInternal, "the invitation is not there");
  decision.value = InviteOf(added[0]);
  co_return co_await steps.Audit(actor, "invite.made", invite.id, "as " + std::string(Name(invite.role)));
}

Task<sql::Result<>> RemoveInviteIn(sql::Transaction& transaction, const Statements& sql, const Actor& actor,
                                   const std::string& invite, Decision<Invite>& decision) {
  Steps steps(transaction, sql);
  TM_CO_TRY_ASSIGN(const std::optional<User> manager, co_await FindManager(steps, actor));
  if (!manager) co_return decision.Refuse(Errc::kPermissionDenied, kNotAllowed);
  TM_CO_TRY_ASSIGN(const sql::Rows removed, co_await steps.Run(sql.remove_invite, {invite}));
  if (removed.empty()) co_return decision.Refuse(Errc::kNotFound, "there is no such invitation");
  const Role role = ParseRole(removed[0][0].text).value_or(Role::kOwner);
  if (!MayGrant(manager->role, role)) co_return decision.Refuse(Errc::kPermissionDenied, kNotAllowed);
  co_return co_await steps.Audit(actor, "invite.removed", invite);
}

Task<Result<UserPage>> SqlStore::ListUsers(std::string query, std::string after, std::int64_t limit) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await Read(sql_.list_users, {std::move(after), std::move(query), limit + 1}));
  UserPage page{.users = {}, .has_more = rows.size() > static_cast<std::size_t>(limit)};
  for (std::size_t i = 0; i < rows.size() - (page.has_more ? 1 : 0); ++i)
    page.users.push_back(UserOf(rows[i]));
  co_return page;
}

Task<Result<Changed>> SqlStore::ChangeUser(Actor actor, std::string user, UserChange change) {
  co_return co_await Decide<Changed>(loop_, database_, [&](sql::Transaction& t, Decision<Changed>& decision) {
    return ChangeUserIn(t, sql_, actor, user, change, decision);
  });
}

Task<Result<>> SqlStore::AddResetLink(Actor actor, std::string user, std::string token_hash, Duration ttl) {
  TM_CO_TRY(co_await Decide<User>(loop_, database_, [&](sql::Transaction& t, Decision<User>& decision) {
    return AddResetLinkIn(t, sql_, actor, user, token_hash, ttl, decision);
  }));
  co_return {};
}

Task<Result<Invite>> SqlStore::AddInvite(Actor actor, NewInvite invite) {
  co_return co_await Decide<Invite>(loop_, database_, [&](sql::Transaction& t, Decision<Invite>& decision) {
    return AddInviteIn(t, sql_, actor, invite, decision);
  });
}

Task<Result<>> SqlStore::RemoveInvite(Actor actor, std::string invite) {
  TM_CO_TRY(co_await Decide<Invite>(loop_, database_, [&](sql::Transaction& t, Decision<Invite>& decision) {
    return RemoveInviteIn(t, sql_, actor, invite, decision);
  }));
  co_return {};
}

Task<Result<AuditPage>> SqlStore::ListAudit(AuditFilter filter, std::int64_t before, std::int64_t limit) {
  const bool has_filter = !filter.empty();
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await Read(sql_.list_audit, {before, limit + 1, std::move(filter.actor),
                                                   std::move(filter.action), std::move(filter.target)}));
  const bool has_more = rows.size() > static_cast<std::size_t>(limit);
  AuditPage page;
  for (std::size_t i = 0; i < rows.size() - (has_more ? 1 : 0); ++i) {
    page.entries.push_back(AuditEntryOf(rows[i]));
  }
  if (has_more) page.next = page.entries.back().id;
  if (has_more || !has_filter) co_return page;
  TM_CO_TRY_ASSIGN(const sql::Rows floor, co_await Read(sql_.audit_floor, {before}));
  if (IntegerOf(floor[0], 1) == kAuditLookedAtMax) page.next = IntegerOf(floor[0], 0);
  co_return page;
}

Task<Result<std::int64_t>> SqlStore::BeginAction(Actor actor, std::string action, std::string target) {
  const auto done =
      sql::OnOwnTables(co_await database_.Run({.statement = sql_.begin_action,
                                               .parameters = {std::move(actor.user), std::move(action),
                                                              std::move(target), std::move(actor.address)}}));
  if (!done) co_return std::unexpected(sql::ToError(done.error()));
  co_return IntegerOf(done->rows[0], 0);
}

Task<Result<>> SqlStore::EndAction(std::int64_t entry, std::string result) {
  TM_CO_TRY(co_await Write(sql_.end_action, {entry, std::move(result)}));
  co_return {};
}

}  // namespace tidemill::accounts
