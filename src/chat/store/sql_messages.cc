#include "chat/store/sql_messages.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "chat/store/sql_append.h"
#include "chat/store/sql_message_changes.h"
#include "chat/store/stored_values.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kPageMax = 100;
constexpr Seq kLast = std::numeric_limits<Seq>::max();

// One way from a seq: the rows of both statements come nearest first.
struct Slice {
  std::vector<Message> messages;
  bool has_more = false;
};

class SqlMessages final : public MessageStore {
 public:
  SqlMessages(SqlContext& context, const RoomStatements& rooms)
      : context_(context), append_(context, rooms), changes_(context, rooms) {}

  Task<Outcome<Appended>> Append(RoomId room, std::vector<Send> sends) override {
    return append_.Append(room, std::move(sends));
  }

  Task<Outcome<std::optional<Message>>> Find(MessageId message) override;
  Task<Outcome<MessagePage>> List(MessageQuery query) override;
  Task<Outcome<MessagePage>> ListReplies(ReplyQuery query) override;
  Task<Outcome<std::vector<Edit>>> ListEdits(MessageId message) override;
  Task<Outcome<std::vector<Message>>> ListPins(RoomId room) override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(list_pins_, {room.value()}, kPinsMax));
    co_return ListOf<Message>(rows, MessageOf);
  }

  Task<Outcome<Changed<Message>>> EditText(Acting acting, MessageId message, TextChange text) override {
    return changes_.EditText(std::move(acting), message, std::move(text));
  }
  Task<Outcome<Changed<Message>>> Delete(Acting acting, MessageId message) override {
    return changes_.Delete(std::move(acting), message);
  }
  Task<Outcome<Changed<Message>>> AddReaction(Acting acting, MessageId message, std::string emoji) override {
    return changes_.React(std::move(acting), message, std::move(emoji), SqlMessageChanges::Reacts::kAdds);
  }
  Task<Outcome<Changed<Message>>> RemoveReaction(Acting acting, MessageId message,
                                                 std::string emoji) override {
    return changes_.React(std::move(acting), message, std::move(emoji), SqlMessageChanges::Reacts::kRemoves);
  }
  Task<Outcome<Changed<Message>>> Pin(Acting acting, RoomId room, MessageId message) override {
    return changes_.Pin(std::move(acting), room, message, SqlMessageChanges::Pins::kPins);
  }
  Task<Outcome<Changed<Message>>> Unpin(Acting acting, RoomId room, MessageId message) override {
    return changes_.Pin(std::move(acting), room, message, SqlMessageChanges::Pins::kUnpins);
  }

 private:
  // Up to `count` of the messages that `statement` gives from `seq`, of a room or a thread.
  Task<Outcome<Slice>> ReadSlice(sql::Statement statement, std::int64_t of, Seq seq, std::size_t count);
  // `statements`: one that goes down from a seq, one that goes up.
  struct Ways {
    sql::Statement before;
    sql::Statement after;
  };
  struct Range {
    std::optional<Seq> before;
    std::optional<Seq> after;
    std::size_t limit = 0;
  };
  Task<Outcome<MessagePage>> ReadPage(Ways ways, std::int64_t of, Range range, Seq last_seq);
  Task<Outcome<MessagePage>> ReadAround(RoomId room, Seq around, std::size_t limit);

  SqlContext& context_;
  SqlAppend append_;
  SqlMessageChanges changes_;
  const sql::Statement find_ = context_.Make(
      "select MESSAGE_COLUMNS from @message g join @room r on r.id = g.room_id and r.deleted_at = 0 where "
      "g.id = "
      "$1");
  const sql::Statement find_room_ =
      context_.Make("select version, last_seq from @room where id = $1 and deleted_at = 0");
  const sql::Statement find_thread_ = context_.Make(
      "select r.version, r.last_seq from @message g join @room r on r.id = g.room_id and r.deleted_at = 0 "
      "where "
      "g.id = $1 and g.thread_id = 0");
  const Ways roots_{
      .before =
          context_.Make("select MESSAGE_COLUMNS from @message g where g.room_id = $1 and g.seq < $2 and "
                        "g.thread_id = 0 order by g.seq desc limit $3"),
      .after = context_.Make("select MESSAGE_COLUMNS from @message g where g.room_id = $1 and g.seq > $2 and "
                             "g.thread_id = 0 order by g.seq limit $3")};
  const Ways replies_{.before = context_.Make(
                          "select MESSAGE_COLUMNS from @message g where g.thread_id = $1 and g.seq < $2 and "
                          "g.thread_id > 0 order by g.seq desc limit $3"),
                      .after = context_.Make(
                          "select MESSAGE_COLUMNS from @message g where g.thread_id = $1 and g.seq > $2 and "
                          "g.thread_id > 0 order by g.seq limit $3")};
  const sql::Statement list_edits_ =
      context_.Make("select number, text, at, user_id from @edit where message_id = $1 order by number");
  const sql::Statement list_pins_ = context_.Make(
      "select MESSAGE_COLUMNS from @pin p join @message g on g.id = p.message_id where p.room_id = $1 order "
      "by "
      "p.created_at desc, p.message_id desc");
};

Task<Outcome<std::optional<Message>>> SqlMessages::Find(MessageId message) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(find_, {message.value()}, 1));
  if (rows.empty()) co_return std::nullopt;
  Cells cells(rows[0]);
  co_return MessageOf(cells);
}

Task<Outcome<Slice>> SqlMessages::ReadSlice(sql::Statement statement, std::int64_t of, Seq seq,
                                            std::size_t count) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await context_.Read(std::move(statement),
                                          {of, seq, static_cast<std::int64_t>(count + 1)}, count + 1));
  Slice slice{.messages = ListOf<Message>(rows, MessageOf), .has_more = rows.size() > count};
  if (slice.has_more) slice.messages.pop_back();
  co_return slice;
}

Task<Outcome<MessagePage>> SqlMessages::ReadPage(Ways ways, std::int64_t of, Range range, Seq last_seq) {
  MessagePage page;
  if (range.after) {
    TM_CO_TRY_ASSIGN(Slice slice, co_await ReadSlice(ways.after, of, *range.after, range.limit));
    page.messages = std::move(slice.messages);
    page.has_more_after = slice.has_more;
    page.has_more_before = *range.after > 0;
    co_return page;
  }
  const Seq before = range.before.value_or(kLast);
  TM_CO_TRY_ASSIGN(Slice slice, co_await ReadSlice(ways.before, of, before, range.limit));
  page.messages = std::move(slice.messages);
  std::ranges::reverse(page.messages);
  page.has_more_before = slice.has_more;
  page.has_more_after = before <= last_seq;
  co_return page;
}

Task<Outcome<MessagePage>> SqlMessages::ReadAround(RoomId room, Seq around, std::size_t limit) {
  const std::size_t before = std::max<std::size_t>(1, limit / 2);
  const Seq next = around < kLast ? around + 1 : kLast;
  TM_CO_TRY_ASSIGN(Slice older, co_await ReadSlice(roots_.before, room.value(), next, before));
  TM_CO_TRY_ASSIGN(Slice newer, co_await ReadSlice(roots_.after, room.value(), next - 1, limit - before));
  MessagePage page{.has_more_before = older.has_more, .has_more_after = newer.has_more};
  page.messages = std::move(older.messages);
  std::ranges::reverse(page.messages);
  std::ranges::move(newer.messages, std::back_inserter(page.messages));
  co_return page;
}

Task<Outcome<MessagePage>> SqlMessages::List(MessageQuery query) {
  if (query.before.has_value() + query.after.has_value() + query.around.has_value() > 1)
    co_return Refuse(Code::kInvalid, "give one of before, after and around", "before");
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kPageMax);
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(find_room_, {query.room.value()}, 1));
  if (rows.empty()) co_return Refuse(Code::kNotFound, "there is no such room");
  Cells cells(rows[0]);
  const Version version = cells.Integer();
  const Seq last_seq = cells.Integer();
  Outcome<MessagePage> page;
  if (query.around) {
    page = co_await ReadAround(query.room, *query.around, limit);
  } else {
    page = co_await ReadPage(roots_, query.room.value(),
                             {.before = query.before, .after = query.after, .limit = limit}, last_seq);
  }
  if (page) page->version = version;
  co_return page;
}

Task<Outcome<MessagePage>> SqlMessages::ListReplies(ReplyQuery query) {
  if (query.before && query.after) co_return Refuse(Code::kInvalid, "give one of before and after", "before");
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kPageMax);
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(find_thread_, {query.thread.value()}, 1));
  if (rows.empty()) co_return Refuse(Code::kNotFound, "there is no such message");
  Cells cells(rows[0]);
  const Version version = cells.Integer();
  const Seq last_seq = cells.Integer();
  TM_CO_TRY_ASSIGN(
      MessagePage page,
      co_await ReadPage(replies_, query.thread.value(),
                        {.before = query.before, .after = query.after, .limit = limit}, last_seq));
  page.version = version;
  co_return page;
}

Task<Outcome<std::vector<Edit>>> SqlMessages::ListEdits(MessageId message) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await context_.Read(list_edits_, {message.value()}, kEditsKept + 1));
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Cells cells(rows[i]);
    edits.push_back(
        {.number = cells.Integer(), .text = cells.Text(), .at = cells.Time(), .user_id = cells.Text()});
  }
  co_return edits;
}

}  // namespace

std::unique_ptr<MessageStore> MakeSqlMessages(SqlContext& context, const RoomStatements& rooms) {
  return std::make_unique<SqlMessages>(context, rooms);
}

}  // namespace tidemill::chat
