#include "accounts/sql_store.h"

#include <algorithm>
#include <utility>

#include "accounts/rows.h"
#include "accounts/transaction_steps.h"

namespace tidemill::accounts {
namespace {

constexpr char kUsernameTaken[] = "this user name is taken; choose another";
constexpr char kLinkUsed[] = "this link has been used, or its time is over; ask for a new one";

std::string_view KindOf(LinkKind kind) { return kind == LinkKind::kOwner ? "owner" : "reset"; }

// The new user, or the refusal of a name that is taken.
template <class T>
Task<sql::Result<User>> AddUser(Steps& steps, const Statements& sql, const NewUser& user, Role role,
                                Decision<T>& decision) {
  auto added = co_await steps.Run(
      sql.add_user, {user.id, user.username, user.name, user.email, std::string(Name(role)), user.password});
  if (!added && added.error().kind == sql::FailureKind::kUniqueViolation) {
    co_return decision.Refuse(Errc::kAlreadyExists, kUsernameTaken);
  }
  if (!added) co_return std::unexpected(std::move(added).error());
  co_return UserOf((*added)[0]);
}

Task<sql::Result<>> SetUpIn(sql::Transaction& transaction, const Statements& sql, const std::string& link,
                            const NewUser& user, const NewSession& session, Decision<Opened>& decision) {
  Steps steps(transaction, sql);
  TM_CO_TRY(co_await steps.Lock());
  TM_CO_TRY_ASSIGN(const sql::Rows taken,
                   co_await steps.Run(sql.take_link, {link, std::string(KindOf(LinkKind::kOwner))}));
  if (taken.empty()) co_return decision.Refuse(Errc::kNotFound, kLinkUsed);
  TM_CO_TRY_ASSIGN(const sql::Rows owner, co_await steps.Run(sql.has_owner));
  if (!owner.empty()) co_return decision.Refuse(Errc::kNotFound, kLinkUsed);
  TM_CO_TRY_ASSIGN(User added, co_await AddUser(steps, sql, user, Role::kOwner, decision));
  TM_CO_TRY(co_await steps.Run(sql.remove_links, {std::string(KindOf(LinkKind::kOwner)), std::string()}));
  const Actor actor{.user = added.id, .address = session.address};
  TM_CO_TRY(co_await steps.Audit(actor, "owner.set_up", added.id, added.username));
  co_return co_await steps.OpenSession(std::move(added), user.password, session, decision.value);
}

Task<sql::Result<>> JoinIn(sql::Transaction& transaction, const Statements& sql, const std::string& invite,
                           const NewUser& user, const NewSession& session, Decision<Opened>& decision) {
  Steps steps(transaction, sql);
  TM_CO_TRY_ASSIGN(const sql::Rows used, co_await steps.Run(sql.use_invite, {invite}));
  if (used.empty()) co_return decision.Refuse(Errc::kNotFound, kLinkUsed);
  const Role role = ParseRole(used[0][1].text).value_or(Role::kGuest);
  TM_CO_TRY_ASSIGN(User added, co_await AddUser(steps, sql, user, role, decision));
  const Actor actor{.user = added.id, .address = session.address};
  TM_CO_TRY(co_await steps.Audit(actor, "user.joined", added.id, "invite " + TextOf(used[0], 0)));
  co_return co_await steps.OpenSession(std::move(added), user.password, session, decision.value);
}

Task<sql::Result<>> OpenIn(sql::Transaction& transaction, const Statements& sql, const std::string& user,
                           const std::string& password, const NewSession& session,
                           Decision<Opened>& decision) {
  Steps steps(transaction, sql);
  TM_CO_TRY_ASSIGN(std::optional<User> found, co_await steps.FindUser(user));
  if (!found) co_return decision.Refuse(Errc::kUnauthenticated, "the user is gone");
  TM_CO_TRY(co_await steps.OpenSession(*std::move(found), password, session, decision.value));
  if (decision.value.live.session.id.empty()) {
    co_return decision.Refuse(Errc::kUnauthenticated, "the user was disabled, or has another password");
  }
  const Actor actor{.user = user, .address = session.address};
  co_return co_await steps.Audit(actor, "session.opened", user, session.id);
}

Task<sql::Result<>> EndOneIn(sql::Transaction& transaction, const Statements& sql, const Actor& actor,
                             const std::string& session, Decision<Changed>& decision) {
  Steps steps(transaction, sql);
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await steps.Run(sql.end_session, {session, actor.user}));
  if (rows.empty()) co_return decision.Refuse(Errc::kNotFound, "you have no such session");
  AppendEnded(rows, decision.value.ended);
  co_return co_await steps.Audit(actor, "session.ended", actor.user, session);
}

Task<sql::Result<>> EndAllIn(sql::Transaction& transaction, const Statements& sql, const Actor& actor,
                             Decision<Changed>& decision) {
  Steps steps(transaction, sql);
  TM_CO_TRY(co_await steps.EndSessions(actor.user, "", decision.value.ended));
  co_return co_await steps.Audit(actor, "sessions.ended", actor.user);
}

Task<sql::Result<>> ChangePasswordIn(sql::Transaction& transaction, const Statements& sql, const Actor& actor,
                                     const std::string& old_hash, const std::string& new_hash,
                                     const std::string& kept, Decision<Changed>& decision) {
  Steps steps(transaction, sql);
  TM_CO_TRY_ASSIGN(const sql::Rows changed,
                   co_await steps.Run(sql.swap_password, {actor.user, old_hash, new_hash}));
  if (changed.empty()) co_return decision.Refuse(Errc::kUnauthenticated, "the password has just changed");
  decision.value.user = UserOf(changed[0]);
  TM_CO_TRY(co_await steps.EndSessions(actor.user, kept, decision.value.ended));
  const std::string reset(KindOf(LinkKind::kReset));
  TM_CO_TRY(co_await steps.Run(sql.remove_links, {reset, actor.user}));
  co_return co_await steps.Audit(actor, "password.changed", actor.user);
}

Task<sql::Result<>> ResetIn(sql::Transaction& transaction, const Statements& sql, const std::string& link,
                            const std::string& new_hash, const std::string& address,
                            Decision<Changed>& decision) {
  Steps steps(transaction, sql);
  TM_CO_TRY_ASSIGN(const sql::Rows taken,
                   co_await steps.Run(sql.take_link, {link, std::string(KindOf(LinkKind::kReset))}));
  if (taken.empty()) co_return decision.Refuse(Errc::kNotFound, kLinkUsed);
  const Actor actor{.user = TextOf(taken[0], 0), .address = address};
  TM_CO_TRY_ASSIGN(const sql::Rows changed, co_await steps.Run(sql.set_password, {actor.user, new_hash}));
  if (changed.empty()) co_return decision.Refuse(Errc::kNotFound, kLinkUsed);
  decision.value.user = UserOf(changed[0]);
  TM_CO_TRY(co_await steps.EndSessions(actor.user, "", decision.value.ended));
  co_return co_await steps.Audit(actor, "password.reset", actor.user);
}

}  // namespace

std::string TokenIdOf(const std::string& session_id, std::int64_t generation) {
  return session_id + "." + std::to_string(generation);
}

std::unique_ptr<Store> MakeSqlStore(net::Loop& loop, sql::Database& database,
                                    const SqlStoreOptions& options) {
  return std::make_unique<SqlStore>(loop, database, options);
}

Task<Result<sql::Rows>> SqlStore::Read(sql::Statement statement, sql::Parameters parameters) {
  auto done = sql::OnOwnTables(co_await database_.Run({.statement = std::move(statement),
                                                       .parameters = std::move(parameters),
                                                       .access = sql::Access::kRead}));
  if (!done) co_return std::unexpected(sql::ToError(done.error()));
  co_return std::move(done->rows);
}

Task<Result<std::uint64_t>> SqlStore::Write(sql::Statement statement, sql::Parameters parameters) {
  const auto done = sql::OnOwnTables(
      co_await database_.Run({.statement = std::move(statement), .parameters = std::move(parameters)}));
  if (!done) co_return std::unexpected(sql::ToError(done.error()));
  co_return done->rows_affected;
}

Task<Result<std::string>> SqlStore::TokenKey(std::string candidate) {
  TM_CO_TRY(co_await Write(sql_.keep_token_key, {std::move(candidate)}));
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(sql_.token_key, {}));
  if (rows.empty()) co_return Fail(Errc::kInternal, "tidemill_account_state has no row");
  co_return TextOf(rows[0], 0);
}

Task<Result<bool>> SqlStore::HasOwner() {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(sql_.has_owner, {}));
  co_return !rows.empty();
}

Task<Result<>> SqlStore::AddOwnerLink(std::string token_hash, Duration ttl) {
  TM_CO_TRY(co_await Write(
      sql_.add_link, {std::move(token_hash), std::string(KindOf(LinkKind::kOwner)), std::string(), ttl.ms}));
  co_return {};
}

Task<Result<bool>> SqlStore::HasLink(LinkKind kind, std::string token_hash) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await Read(sql_.has_link, {std::move(token_hash), std::string(KindOf(kind))}));
  co_return !rows.empty();
}

Task<Result<Opened>> SqlStore::SetUp(std::string link_hash, NewUser user, NewSession session) {
  co_return co_await Decide<Opened>(loop_, database_, [&](sql::Transaction& t, Decision<Opened>& decision) {
    return SetUpIn(t, sql_, link_hash, user, session, decision);
  });
}

Task<Result<Opened>> SqlStore::Join(std::string invite_hash, NewUser user, NewSession session) {
  co_return co_await Decide<Opened>(loop_, database_, [&](sql::Transaction& t, Decision<Opened>& decision) {
    return JoinIn(t, sql_, invite_hash, user, session, decision);
  });
}

Task<Result<std::optional<Store::Login>>> SqlStore::FindLogin(std::string username) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(sql_.find_login, {std::move(username)}));
  if (rows.empty()) co_return std::nullopt;
  co_return Login{.user = UserOf(rows[0]), .password = TextOf(rows[0], kUserColumns)};
}

Task<Result<std::optional<Store::Login>>> SqlStore::FindLoginById(std::string user) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(sql_.find_login_by_id, {std::move(user)}));
  if (rows.empty()) co_return std::nullopt;
  co_return Login{.user = UserOf(rows[0]), .password = TextOf(rows[0], kUserColumns)};
}

Task<Result<Opened>> SqlStore::OpenSession(std::string user, std::string password_hash, NewSession session) {
  co_return co_await Decide<Opened>(loop_, database_, [&](sql::Transaction& t, Decision<Opened>& decision) {
    return OpenIn(t, sql_, user, password_hash, session, decision);
  });
}

Task<Result<std::optional<LiveSession>>> SqlStore::FindSession(std::string token_hash, Duration idle) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(sql_.find_session, {std::move(token_hash), idle.ms}));
  if (rows.empty()) co_return std::nullopt;
  co_return LiveSession{.session = SessionOf(rows[0]), .user = UserOf(rows[0], kSessionColumns)};
}

Task<Result<>> SqlStore::TouchSession(std::string session) {
  TM_CO_TRY(co_await Write(sql_.touch_session, {std::move(session)}));
  co_return {};
}

Task<Result<std::vector<Session>>> SqlStore::ListSessions(std::string user, Duration idle) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(sql_.list_sessions, {std::move(user), idle.ms}));
  std::vector<Session> sessions;
  for (std::size_t i = 0; i < rows.size(); ++i) sessions.push_back(SessionOf(rows[i]));
  co_return sessions;
}

Task<Result<Changed>> SqlStore::EndSession(Actor actor, std::string session) {
  co_return co_await Decide<Changed>(loop_, database_, [&](sql::Transaction& t, Decision<Changed>& decision) {
    return EndOneIn(t, sql_, actor, session, decision);
  });
}

Task<Result<Changed>> SqlStore::EndSessions(Actor actor) {
  co_return co_await Decide<Changed>(loop_, database_, [&](sql::Transaction& t, Decision<Changed>& decision) {
    return EndAllIn(t, sql_, actor, decision);
  });
}

Task<Result<std::vector<std::string>>> SqlStore::RecentlyEnded(Duration ago) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(sql_.recently_ended, {ago.ms}));
  std::vector<std::string> ended;
  AppendEnded(rows, ended);
  co_return ended;
}

Task<Result<User>> SqlStore::ChangeOwn(Actor actor, std::optional<std::string> name,
                                       std::optional<std::string> email) {
  const std::int64_t has_email = email ? 1 : 0;
  const auto done = sql::OnOwnTables(co_await database_.Run(
      {.statement = sql_.change_own,
       .parameters = {std::move(actor.user), name.value_or(""), email.value_or(""), has_email}}));
  if (!done) co_return std::unexpected(sql::ToError(done.error()));
  if (done->rows.empty()) co_return Fail(Errc::kUnauthenticated, "the user is gone");
  co_return UserOf(done->rows[0]);
}

Task<Result<Changed>> SqlStore::ChangePassword(Actor actor, std::string old_hash, std::string new_hash,
                                               std::string kept) {
  co_return co_await Decide<Changed>(loop_, database_, [&](sql::Transaction& t, Decision<Changed>& decision) {
    return ChangePasswordIn(t, sql_, actor, old_hash, new_hash, kept, decision);
  });
}

Task<Result<>> SqlStore::Rehash(std::string user, std::string old_hash, std::string new_hash) {
  TM_CO_TRY(co_await Write(sql_.swap_password, {std::move(user), std::move(old_hash), std::move(new_hash)}));
  co_return {};
}

Task<Result<Changed>> SqlStore::ResetPassword(std::string token_hash, std::string new_hash,
                                              std::string address) {
  co_return co_await Decide<Changed>(loop_, database_, [&](sql::Transaction& t, Decision<Changed>& decision) {
    return ResetIn(t, sql_, token_hash, new_hash, address, decision);
  });
}

Task<Result<std::optional<Invite>>> SqlStore::FindInvite(std::string token_hash) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(sql_.find_invite, {std::move(token_hash)}));
  if (rows.empty()) co_return std::nullopt;
  co_return InviteOf(rows[0]);
}

Task<Result<std::vector<Invite>>> SqlStore::ListInvites() {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(sql_.list_invites, {}));
  std::vector<Invite> invites;
  for (std::size_t i = 0; i < rows.size(); ++i) invites.push_back(InviteOf(rows[i]));
  co_return invites;
}

Task<Result<Counts>> SqlStore::Count() {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(sql_.count, {}));
  co_return Counts{.users = IntegerOf(rows[0], 0), .sessions = IntegerOf(rows[0], 1)};
}

Task<Result<bool>> SqlStore::Sweep(Duration audit_kept) {
  TM_CO_TRY_ASSIGN(const std::uint64_t sessions, co_await Write(sql_.sweep_sessions, {}));
  TM_CO_TRY_ASSIGN(const std::uint64_t invites, co_await Write(sql_.sweep_invites, {}));
  TM_CO_TRY(co_await Write(sql_.sweep_links, {}));
  TM_CO_TRY_ASSIGN(const std::uint64_t audit, co_await Write(sql_.sweep_audit, {audit_kept.ms}));
  co_return std::max({sessions, invites, audit}) > 0;
}

}  // namespace tidemill::accounts
