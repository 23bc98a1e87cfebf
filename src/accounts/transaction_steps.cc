#include "accounts/transaction_steps.h"

#include <utility>

#include "accounts/rows.h"

namespace tidemill::accounts {

Task<sql::Result<sql::Rows>> Steps::Run(sql::Statement statement, sql::Parameters parameters) {
  auto done =
      co_await transaction_.Run({.statement = std::move(statement), .parameters = std::move(parameters)});
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return std::move(done->rows);
}

Task<sql::Result<>> Steps::Lock() {
  TM_CO_TRY(co_await Run(sql_.lock));
  co_return {};
}

Task<sql::Result<std::optional<User>>> Steps::FindUser(std::string id) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Run(sql_.find_user, {std::move(id)}));
  if (rows.empty()) co_return std::nullopt;
  co_return UserOf(rows[0]);
}

Task<sql::Result<>> Steps::OpenSession(User user, std::string password, const NewSession& session,
                                       Opened& opened) {
  if (!session.replaces_hash.empty()) {
    TM_CO_TRY_ASSIGN(const sql::Rows old, co_await Run(sql_.end_by_hash, {session.replaces_hash}));
    AppendEnded(old, opened.ended);
  }
  TM_CO_TRY_ASSIGN(const sql::Rows added,
                   co_await Run(sql_.add_session, {session.id, session.token_hash, user.id, session.address,
                                                   session.agent, session.ttl.ms, std::move(password)}));
  if (added.empty()) co_return {};
  opened.live.session = SessionOf(added[0]);
  TM_CO_TRY_ASSIGN(const sql::Rows trimmed, co_await Run(sql_.trim_sessions, {user.id, kSessionsPerUserMax}));
  AppendEnded(trimmed, opened.ended);
  opened.live.user = std::move(user);
  co_return {};
}

Task<sql::Result<>> Steps::EndSessions(std::string user, std::string kept, std::vector<std::string>& ended) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Run(sql_.end_sessions, {std::move(user), std::move(kept)}));
  AppendEnded(rows, ended);
  co_return {};
}

Task<sql::Result<>> Steps::Audit(const Actor& actor, std::string_view action, std::string target,
                                 std::string detail) {
  const std::string who = actor.is_operator ? std::string(kOperator) : actor.user;
  TM_CO_TRY(co_await Run(sql_.audit,
                         {who, std::string(action), std::move(target), actor.address, std::move(detail)}));
  co_return {};
}

}  // namespace tidemill::accounts
