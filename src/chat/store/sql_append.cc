#include "chat/store/sql_append.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/json_writer.h"
#include "chat/search/indexed_text.h"
#include "chat/store/stored_attachment.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

using Column = sql::InsertShape::Column;
using Kind = sql::InsertShape::Kind;

constexpr std::array kMessageColumns = {
    Column{"id", Kind::kInteger},         Column{"room_id", Kind::kInteger},
    Column{"seq", Kind::kInteger},        Column{"user_id", Kind::kText},
    Column{"type", Kind::kInteger},       Column{"text", Kind::kText},
    Column{"client_msg_id", Kind::kText}, Column{"send_hash", Kind::kInteger},
    Column{"thread_id", Kind::kInteger},  Column{"root_n", Kind::kInteger},
    Column{"mention_n", Kind::kInteger},  Column{"reply_n", Kind::kInteger},
    Column{"mentions", Kind::kText},      Column{"attachments", Kind::kText},
    Column{"flags", Kind::kInteger},      Column{"created_at", Kind::kInteger},
    Column{"version", Kind::kInteger},    Column{"metadata", Kind::kText}};
constexpr std::array kSearchColumns = {Column{"rowid", Kind::kInteger}, Column{"text", Kind::kText}};
constexpr std::array kMentionColumns = {Column{"user_id", Kind::kText}, Column{"room_id", Kind::kInteger},
                                        Column{"seq", Kind::kInteger}};
constexpr std::array kFollowerColumns = {
    Column{"thread_id", Kind::kInteger}, Column{"user_id", Kind::kText},
    Column{"room_id", Kind::kInteger},   Column{"is_following", Kind::kInteger},
    Column{"read_seq", Kind::kInteger},  Column{"read_n", Kind::kInteger}};

// Exactly the pairs that are asked for.
constexpr std::string_view kFindEarlierPostgres =
    "select MESSAGE_COLUMNS, g.send_hash from unnest($2::text[], $3::text[]) as x (user_id, client_msg_id) "
    "join "
    "@message g on g.room_id = $1 and g.user_id = x.user_id and g.client_msg_id = x.client_msg_id and "
    "g.client_msg_id <> ''";
constexpr std::string_view kFindEarlierSqlite =
    "select MESSAGE_COLUMNS, g.send_hash from json_each($2) as x join @message g on g.room_id = $1 and "
    "g.user_id "
    "= x.value and g.client_msg_id = ($3 ->> x.key) and g.client_msg_id <> ''";
constexpr std::string_view kUpdateMembersPostgres =
    "update @member as m set read_seq = x.read_seq, read_root_n = x.read_root_n, read_mention_n = "
    "x.read_mention_n, mention_count = x.mention_count, last_sent_at = x.last_sent_at from "
    "unnest($2::text[], "
    "$3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) as x (user_id, read_seq, "
    "read_root_n, read_mention_n, mention_count, last_sent_at) where m.room_id = $1 and m.user_id = "
    "x.user_id";
constexpr std::string_view kUpdateMembersSqlite =
    "update @member as m set read_seq = x.value ->> 1, read_root_n = x.value ->> 2, read_mention_n = x.value "
    "->> 3, mention_count = x.value ->> 4, last_sent_at = x.value ->> 5 from json_each($2) as x where "
    "m.room_id = $1 and m.user_id = x.value ->> 0";

std::vector<std::string> ToList(std::set<std::string> texts) { return {texts.begin(), texts.end()}; }

sql::Parameters MembersAsLists(RoomId room, const std::vector<const MemberRow*>& members) {
  std::vector<std::string> users;
  std::array<std::vector<std::int64_t>, 5> numbers;
  for (const MemberRow* const member : members) {
    users.push_back(member->user_id);
    numbers[0].push_back(member->read_seq);
    numbers[1].push_back(member->read_root_n);
    numbers[2].push_back(member->read_mention_n);
    numbers[3].push_back(member->mention_count);
    numbers[4].push_back(member->last_sent_at.ms);
  }
  sql::Parameters parameters{room.value(), std::move(users)};
  for (auto& list : numbers) parameters.emplace_back(std::move(list));
  return parameters;
}

sql::Parameters MembersAsJson(RoomId room, const std::vector<const MemberRow*>& members) {
  std::string text;
  JsonWriter json(text);
  json.BeginArray();
  for (const MemberRow* const member : members) {
    json.BeginArray();
    json.String(member->user_id);
    for (const std::int64_t number : {member->read_seq, member->read_root_n, member->read_mention_n,
                                      member->mention_count, member->last_sent_at.ms})
      json.Integer(number);
    json.EndArray();
  }
  json.EndArray();
  return {room.value(), std::move(text)};
}

}  // namespace

SqlAppend::SqlAppend(SqlContext& context, const RoomStatements& rooms)
    : context_(context),
      rooms_(rooms),
      find_earlier_(context.Make(kFindEarlierPostgres, kFindEarlierSqlite)),
      find_roots_(
          context.Make("select MESSAGE_COLUMNS from @message g where g.id IS_ONE_OF and g.room_id = $2 "
                       "and g.thread_id = 0")),
      find_members_(context.Make(
          "select MEMBER_COLUMNS from @member m where m.user_id IS_ONE_OF and m.room_id = $2 FOR_UPDATE")),
      find_attachments_(
          context.Make("select ATTACHMENT_COLUMNS from @attachment a where a.id IS_ONE_OF FOR_UPDATE")),
      update_members_(context.Make(kUpdateMembersPostgres, kUpdateMembersSqlite)),
      update_root_(
          context.Make("update @message set reply_count = $2, last_reply_at = $3, reply_user_ids = $4, "
                       "version = $5 where id = $1")),
      bind_attachment_(context.Make("update @attachment set message_id = $2 where id = $1")),
      insert_messages_(context.database().dialect(),
                       {.table = context.TableOf("message"), .columns = kMessageColumns}),
      insert_search_(context.database().dialect(),
                     {.table = context.TableOf("search"), .columns = kSearchColumns}),
      insert_mentions_(context.database().dialect(), {.table = context.TableOf("mention"),
                                                      .columns = kMentionColumns,
                                                      .conflict = "on conflict do nothing"}),
      insert_authors_(
          context.database().dialect(),
          {.table = context.TableOf("follower"),
           .columns = kFollowerColumns,
           .conflict = "on conflict (thread_id, user_id) do update set is_following = 1, read_seq = "
                       "excluded.read_seq, read_n = excluded.read_n"}),
      insert_followers_(context.database().dialect(), {.table = context.TableOf("follower"),
                                                       .columns = kFollowerColumns,
                                                       .conflict = "on conflict do nothing"}) {}

Task<Outcome<Appended>> SqlAppend::Append(RoomId room, std::vector<Send> sends) {
  if (sends.size() > MessageStore::kBatchMax) co_return Refuse(Code::kTooMany, "send 64 messages at a time");
  co_return co_await context_.ToEnd(InTransaction<Appended>(
      context_, [this, room, sends = std::move(sends)](Work& work) { return Do(work, room, sends); }));
}

Task<Outcome<Appended>> SqlAppend::Do(Work& work, RoomId id, std::vector<Send> sends) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, {.role_min = std::nullopt}, WhenArchived::kGoOn));
  TM_CO_TRY_ASSIGN(AppendFacts facts, co_await Read(room, sends));
  AppendPlan plan(std::move(facts), context_.ids());
  for (Send& send : sends) plan.Add(std::move(send));
  plan.Finish();
  if (!plan.rows().empty()) {
    TM_CO_TRY(co_await work.RunAll(CallsOf(plan)));
    room.room() = plan.room();
    room.SetChanges(plan.TakeChanges());
    TM_CO_TRY(co_await room.Save(RoomWork::Saves::kCounts));
  }
  co_return Appended{.sends = plan.TakeSends(), .changes = room.TakeChanges(), .room = room.room()};
}

Task<Outcome<AppendFacts>> SqlAppend::Read(RoomWork& room, const std::vector<Send>& sends) const {
  AppendFacts facts{.room = room.room(), .now = room.work().now()};
  TM_CO_TRY(co_await ReadEarlier(room.work(), sends, facts));
  TM_CO_TRY(co_await ReadRoots(room.work(), sends, facts));
  TM_CO_TRY(co_await ReadMembers(room.work(), sends, facts));
  TM_CO_TRY(co_await ReadAttachments(room.work(), sends, facts));
  co_return facts;
}

Task<Outcome<>> SqlAppend::ReadEarlier(Work& work, const std::vector<Send>& sends, AppendFacts& facts) const {
  std::set<std::pair<std::string, std::string>> pairs;
  for (const Send& send : sends)
    if (!send.client_msg_id.empty() && CheckSend(send)) pairs.emplace(send.user_id, send.client_msg_id);
  if (pairs.empty()) co_return Outcome<>{};
  std::vector<std::string> users;
  std::vector<std::string> client_ids;
  for (const auto& [user, client_id] : pairs) {
    users.push_back(user);
    client_ids.push_back(client_id);
  }
  TM_CO_TRY_ASSIGN(
      const sql::Rows rows,
      co_await work.Run(find_earlier_, {facts.room.id.value(), std::move(users), std::move(client_ids)}));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Cells cells(rows[i]);
    Message message = MessageOf(cells);
    AppendFacts::ClientKey key{message.user_id, message.client_msg_id};
    facts.earlier.insert_or_assign(
        std::move(key), AppendFacts::Earlier{.message = std::move(message), .send_hash = cells.Integer()});
  }
  co_return Outcome<>{};
}

Task<Outcome<>> SqlAppend::ReadRoots(Work& work, const std::vector<Send>& sends, AppendFacts& facts) const {
  std::vector<std::int64_t> ids;
  for (const Send& send : sends)
    if (send.thread_id.value() != 0) ids.push_back(send.thread_id.value());
  if (ids.empty()) co_return Outcome<>{};
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await work.Run(find_roots_, {std::move(ids), facts.room.id.value()}));
  for (Message& root : ListOf<Message>(rows, MessageOf)) facts.roots.emplace(root.id, std::move(root));
  co_return Outcome<>{};
}

Task<Outcome<>> SqlAppend::ReadMembers(Work& work, const std::vector<Send>& sends, AppendFacts& facts) const {
  std::set<std::string> users;
  for (const Send& send : sends) {
    if (!CheckSend(send)) continue;
    users.insert(send.user_id);
    users.insert(send.mentions.user_ids.begin(), send.mentions.user_ids.end());
  }
  for (const auto& [id, root] : facts.roots) users.insert(root.user_id);
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await work.Run(find_members_, {ToList(std::move(users)), facts.room.id.value()}));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Cells cells(rows[i]);
    if (auto member = MemberRowOf(cells)) {
      std::string user = member->user_id;
      facts.members.emplace(std::move(user), *std::move(member));
    }
  }
  co_return Outcome<>{};
}

Task<Outcome<>> SqlAppend::ReadAttachments(Work& work, const std::vector<Send>& sends,
                                           AppendFacts& facts) const {
  std::vector<std::int64_t> ids;
  for (const Send& send : sends)
    for (const AttachmentId id : send.attachment_ids) ids.push_back(id.value());
  if (ids.empty()) co_return Outcome<>{};
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(find_attachments_, {std::move(ids)}));
  for (StoredAttachment& stored : ListOf<StoredAttachment>(rows, StoredAttachmentOf))
    facts.attachments.emplace(stored.attachment.id, std::move(stored));
  co_return Outcome<>{};
}

std::vector<sql::Call> SqlAppend::CallsOf(const AppendPlan& plan) const {
  std::vector<sql::Call> calls;
  AddMessages(plan, calls);
  AddMembers(plan, calls);
  AddThreads(plan, calls);
  for (const auto& [attachment, message] : plan.bound())
    calls.push_back({.statement = bind_attachment_, .parameters = {attachment.value(), message.value()}});
  return calls;
}

void SqlAppend::AddMessages(const AppendPlan& plan, std::vector<sql::Call>& calls) const {
  sql::Insert::Rows rows(insert_messages_, plan.rows().size(), calls);
  for (const MessageRow& row : plan.rows()) {
    const Message& message = row.message;
    rows.Add(message.id.value()).Add(message.room_id.value()).Add(message.seq).Add(message.user_id);
    rows.Add(static_cast<std::int64_t>(message.type)).Add(message.text).Add(message.client_msg_id);
    rows.Add(row.send_hash).Add(message.thread_id.value()).Add(row.root_n).Add(row.mention_n);
    rows.Add(row.reply_n).Add(StoredMentions(message.mentions)).Add(StoredAttachments(message.attachments));
    rows.Add(row.flags).Add(message.created_at.ms).Add(message.version).Add(message.metadata);
  }
  if (!context_.is_sqlite()) return;
  sql::Insert::Rows search(insert_search_, plan.rows().size(), calls);
  for (const MessageRow& row : plan.rows())
    search.Add(row.message.id.value()).Add(IndexedText(row.message.text));
}

void SqlAppend::AddMembers(const AppendPlan& plan, std::vector<sql::Call>& calls) const {
  const std::vector<const MemberRow*> members = plan.changed_members();
  if (!members.empty()) {
    const RoomId room = plan.room().id;
    calls.push_back(
        {.statement = update_members_,
         .parameters = context_.is_sqlite() ? MembersAsJson(room, members) : MembersAsLists(room, members)});
  }
  sql::Insert::Rows mentions(insert_mentions_, plan.mentions().size(), calls);
  for (const AppendPlan::Mention& mention : plan.mentions())
    mentions.Add(mention.user).Add(plan.room().id.value()).Add(mention.seq);
}

void SqlAppend::AddThreads(const AppendPlan& plan, std::vector<sql::Call>& calls) const {
  for (const Message* const root : plan.changed_roots())
    calls.push_back(
        {.statement = update_root_,
         .parameters = {root->id.value(), root->reply_count, root->last_reply_at.value_or(WallTime{}).ms,
                        StoredTexts(root->reply_user_ids), root->version}});
  const auto authors = static_cast<std::size_t>(
      std::ranges::count_if(plan.followers(), [](const auto& entry) { return entry.second.is_author; }));
  sql::Insert::Rows author_rows(insert_authors_, authors, calls);
  sql::Insert::Rows follower_rows(insert_followers_, plan.followers().size() - authors, calls);
  for (const auto& [key, follower] : plan.followers()) {
    sql::Insert::Rows& rows = follower.is_author ? author_rows : follower_rows;
    rows.Add(key.first.value()).Add(key.second).Add(plan.room().id.value()).Add(1);
    rows.Add(follower.read_seq).Add(follower.read_n);
  }
}

}  // namespace tidemill::chat
