#include "chat/store/sql_context.h"

#include "sql/schema/own_tables.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kAnswerBytesMax = 32 << 20;

constexpr sql::DialectWord kWords[] = {
    {"USER_COLUMNS",
     "u.id, u.name, u.username, u.role, u.is_bot, u.status_emoji, u.status_text, u.status_until, u.presence",
     "u.id, u.name, u.username, u.role, u.is_bot, u.status_emoji, u.status_text, u.status_until, u.presence"},
    {"ROOM_COLUMNS",
     "r.id, r.type, r.is_private, r.name, r.dm_key, r.topic, r.created_at, r.created_by, r.archived_at, "
     "r.last_seq, r.root_count, r.mention_count, r.version, r.member_count, r.settings, r.last_message_seq, "
     "r.last_message_user, r.last_message_text, r.last_message_at",
     "r.id, r.type, r.is_private, r.name, r.dm_key, r.topic, r.created_at, r.created_by, r.archived_at, "
     "r.last_seq, r.root_count, r.mention_count, r.version, r.member_count, r.settings, r.last_message_seq, "
     "r.last_message_user, r.last_message_text, r.last_message_at"},
    {"MEMBER_COLUMNS",
     "m.user_id, m.role, m.joined_at, m.muted_until, m.notify, m.is_starred, m.draft, m.read_seq, "
     "m.read_root_n, m.read_mention_n, m.mention_count, m.last_sent_at",
     "m.user_id, m.role, m.joined_at, m.muted_until, m.notify, m.is_starred, m.draft, m.read_seq, "
     "m.read_root_n, m.read_mention_n, m.mention_count, m.last_sent_at"},
    {"MESSAGE_COLUMNS",
     "g.id, g.room_id, g.seq, g.user_id, g.type, g.text, g.client_msg_id, g.thread_id, g.reply_count, "
     "g.last_reply_at, g.reply_user_ids, g.reactions, g.mentions, g.attachments, g.is_pinned, g.edited_at, "
     "g.deleted_at, g.created_at, g.version, g.metadata",
     "g.id, g.room_id, g.seq, g.user_id, g.type, g.text, g.client_msg_id, g.thread_id, g.reply_count, "
     "g.last_reply_at, g.reply_user_ids, g.reactions, g.mentions, g.attachments, g.is_pinned, g.edited_at, "
     "g.deleted_at, g.created_at, g.version, g.metadata"},
    {"ATTACHMENT_COLUMNS",
     "a.id, a.room_id, a.user_id, a.message_id, a.name, a.type, a.size, a.width, a.height, a.storage_key, "
     "a.created_at",
     "a.id, a.room_id, a.user_id, a.message_id, a.name, a.type, a.size, a.width, a.height, a.storage_key, "
     "a.created_at"},
    // SQLite has one writer: whoever is in a transaction has the lock.
    {"FOR_UPDATE", "for update", ""},
    {"BYTES_OF_DATA", "octet_length(data)", "length(cast(data as blob))"},
    {"OF_LIST_6", "= any($6)", "in (select value from json_each($6))"},
    {"OF_LIST_8", "= any($8)", "in (select value from json_each($8))"},
};

}  // namespace

Refusal RefusalOf(const sql::Failure& failure) {
  const Error error = sql::ToError(failure);
  Refusal refusal{.code = Code::kInternal,
                  .message = "the chat's database did not do it: " + error.detail,
                  .may_have_happened = failure.effect == sql::Effect::kUnknown};
  switch (failure.kind) {
    case sql::FailureKind::kSerialization:
    case sql::FailureKind::kLocked:
    case sql::FailureKind::kReadOnly:
    case sql::FailureKind::kUnauthenticated:
    case sql::FailureKind::kTimeout:
    case sql::FailureKind::kCancelled:
    case sql::FailureKind::kUnavailable:
    case sql::FailureKind::kNotReady:
    case sql::FailureKind::kBusy:
    case sql::FailureKind::kFull: refusal.code = Code::kUnavailable; break;
    default: break;
  }
  return refusal;
}

SqlContext::SqlContext(net::Loop& loop, sql::Database& database, const Clock& clock, TaskScope& writes,
                       const SqlStoreOptions& options)
    : loop_(loop),
      database_(database),
      clock_(clock),
      writes_(writes),
      is_sqlite_(database.dialect() == sql::Dialect::kSqlite),
      prefix_(sql::OwnTable(database.dialect(), options.postgres_schema, "tidemill_chat_")),
      write_(database.dialect(), prefix_, kWords),
      ids_(clock) {}

std::string SqlContext::TableOf(std::string_view name) const { return prefix_ + std::string(name); }

Task<Outcome<sql::Rows>> SqlContext::Read(sql::Statement statement, sql::Parameters parameters,
                                          std::size_t rows_max) {
  auto done = sql::OnOwnTables(
      co_await database_.Run({.statement = std::move(statement),
                              .parameters = std::move(parameters),
                              .access = sql::Access::kRead,
                              .limits = {.rows_max = rows_max, .bytes_max = kAnswerBytesMax}}));
  if (!done) co_return std::unexpected(RefusalOf(done.error()));
  co_return std::move(done->rows);
}

Task<Outcome<std::size_t>> SqlContext::Change(sql::Statement statement, sql::Parameters parameters) {
  const auto done = sql::OnOwnTables(
      co_await database_.Run({.statement = std::move(statement), .parameters = std::move(parameters)}));
  if (!done) co_return std::unexpected(RefusalOf(done.error()));
  co_return done->rows_affected;
}

}  // namespace tidemill::chat
