#include "chat/store/sql_markers.h"

#include <algorithm>
#include <utility>

#include "chat/store/room_work.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

// How many root messages there are up to seq $2, and how many of them mention the whole room. Where retention
// has taken what stood there, from what follows.
constexpr std::string_view kCountUpTo =
    "select g.root_n, g.mention_n from @message g where g.room_id = $1 and "
    "g.seq <= $2 order by g.seq desc limit 1";
constexpr std::string_view kCountBefore =
    "select g.root_n - case when g.thread_id = 0 and g.type = 0 then 1 else 0 end, g.mention_n - case when "
    "g.flags >= 4 then 1 else 0 end from @message g "
    "where g.room_id = $1 and g.seq > $2 order by g.seq limit 1";
constexpr std::string_view kMove =
    "update @member set read_seq = $3, read_root_n = $4, read_mention_n = $5, mention_count = (select "
    "count(*) "
    "from @mention n where n.user_id = $2 and n.room_id = $1 and n.seq > $3) where room_id = $1 and user_id "
    "= $2";

struct Counts {
  std::int64_t root_n = 0;
  std::int64_t mention_n = 0;
};

class SqlMarkers final : public MarkerStore {
 public:
  explicit SqlMarkers(SqlContext& context) : context_(context) {}

  Task<Outcome<Marked>> MarkRead(RoomId room, std::string user, Seq seq) override {
    return Move(room, std::move(user), seq, Way::kForward);
  }
  Task<Outcome<Marked>> MarkUnread(RoomId room, std::string user, Seq seq) override {
    return Move(room, std::move(user), seq > 0 ? seq - 1 : 0, Way::kBack);
  }
  Task<Outcome<Marked>> SetNotify(RoomId room, std::string user, Notify level) override {
    return context_.ToEnd(Set(set_notify_, room, std::move(user), static_cast<std::int64_t>(level)));
  }
  Task<Outcome<Marked>> SetStarred(RoomId room, std::string user, bool is_starred) override {
    return context_.ToEnd(Set(set_starred_, room, std::move(user), std::int64_t{is_starred}));
  }
  Task<Outcome<Marked>> SetDraft(RoomId room, std::string user, std::string text) override {
    TM_CO_TRY(CheckText(text, kDraftBytesMax, "text"));
    co_return co_await context_.ToEnd(Set(set_draft_, room, std::move(user), std::move(text)));
  }

  Task<Outcome<std::vector<Receipt>>> ListReceipts(RoomId room) override;

 private:
  enum class Way : std::uint8_t { kForward, kBack };

  Task<Outcome<Marked>> Move(RoomId room, std::string user, Seq seq, Way way);
  Task<Outcome<Marked>> DoMove(Work& work, RoomId room, std::string user, Seq seq, Way way);
  Task<Outcome<Counts>> CountUpTo(Work& work, RoomId room, Seq seq);
  // A column of the member's row, where it is another.
  Task<Outcome<Marked>> Set(sql::Statement statement, RoomId room, std::string user, sql::Parameter value);

  SqlContext& context_;
  const sql::Statement find_ = context_.Make(
      "select ROOM_COLUMNS, MEMBER_COLUMNS from @member m join @room r on r.id = m.room_id and r.deleted_at "
      "= 0 "
      "where m.room_id = $1 and m.user_id = $2");
  const sql::Statement lock_ =
      context_.Make("select read_seq from @member where room_id = $1 and user_id = $2 FOR_UPDATE");
  const sql::Statement count_up_to_ = context_.Make(kCountUpTo);
  const sql::Statement count_before_ = context_.Make(kCountBefore);
  const sql::Statement move_ = context_.Make(kMove);
  const sql::Statement set_notify_ =
      context_.Make("update @member set notify = $3 where room_id = $1 and user_id = $2 and notify <> $3");
  const sql::Statement set_starred_ = context_.Make(
      "update @member set is_starred = $3 where room_id = $1 and user_id = $2 and is_starred <> $3");
  const sql::Statement set_draft_ =
      context_.Make("update @member set draft = $3 where room_id = $1 and user_id = $2 and draft <> $3");
  const sql::Statement receipts_ =
      context_.Make("select user_id, read_seq from @member where room_id = $1 order by user_id limit $2");
};

std::unexpected<Refusal> RefuseOutsider() {
  return Refuse(Code::kNotFound, "you are not a member of such a room");
}

Task<Outcome<Counts>> SqlMarkers::CountUpTo(Work& work, RoomId room, Seq seq) {
  for (const sql::Statement* const statement : {&count_up_to_, &count_before_}) {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(*statement, {room.value(), seq}));
    if (rows.empty()) continue;
    Cells cells(rows[0]);
    co_return Counts{.root_n = cells.Integer(), .mention_n = cells.Integer()};
  }
  co_return Counts{};
}

// The member's row is locked before anything is counted, so that what a send adds meanwhile is not lost.
Task<Outcome<Marked>> SqlMarkers::DoMove(Work& work, RoomId room, std::string user, Seq seq, Way way) {
  TM_CO_TRY_ASSIGN(const sql::Rows locked, co_await work.Run(lock_, {room.value(), user}));
  if (locked.empty()) co_return RefuseOutsider();
  const Seq read_seq = Cells(locked[0]).Integer();
  TM_CO_TRY_ASSIGN(const sql::Rows before, co_await work.Run(find_, {room.value(), user}));
  if (before.empty()) co_return RefuseOutsider();
  const RoomView view = RoomViewOf(before[0]);
  seq = std::min(seq, view.room.last_seq);
  const bool moves = way == Way::kForward ? seq > read_seq : seq < read_seq;
  if (!moves) co_return Marked{.membership = view.membership.value_or(Membership{}), .has_changed = false};
  TM_CO_TRY_ASSIGN(const Counts counts, co_await CountUpTo(work, room, seq));
  TM_CO_TRY(co_await work.Change(move_, {room.value(), user, seq, counts.root_n, counts.mention_n}));
  TM_CO_TRY_ASSIGN(const sql::Rows after, co_await work.Run(find_, {room.value(), std::move(user)}));
  if (after.empty()) co_return RefuseOutsider();
  const RoomView moved = RoomViewOf(after[0]);
  co_return Marked{.membership = moved.membership.value_or(Membership{}),
                   .has_changed = true,
                   .root_count = moved.room.root_count};
}

Task<Outcome<Marked>> SqlMarkers::Move(RoomId room, std::string user, Seq seq, Way way) {
  return context_.ToEnd(
      InTransaction<Marked>(context_, [this, room, user = std::move(user), seq, way](Work& work) {
        return DoMove(work, room, user, seq, way);
      }));
}

Task<Outcome<Marked>> SqlMarkers::Set(sql::Statement statement, RoomId room, std::string user,
                                      sql::Parameter value) {
  TM_CO_TRY_ASSIGN(const std::size_t changed,
                   co_await context_.Change(std::move(statement), {room.value(), user, std::move(value)}));
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(find_, {room.value(), std::move(user)}, 1));
  if (rows.empty()) co_return RefuseOutsider();
  co_return Marked{.membership = RoomViewOf(rows[0]).membership.value_or(Membership{}),
                   .has_changed = changed > 0};
}

Task<Outcome<std::vector<Receipt>>> SqlMarkers::ListReceipts(RoomId room) {
  TM_CO_TRY_ASSIGN(
      const sql::Rows rows,
      co_await context_.Read(receipts_, {room.value(), static_cast<std::int64_t>(kReceiptMembersMax + 1)},
                             kReceiptMembersMax + 1));
  if (rows.size() > kReceiptMembersMax)
    co_return Refuse(Code::kTooMany, "rooms of more than 100 members have no receipts");
  std::vector<Receipt> receipts;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Cells cells(rows[i]);
    receipts.push_back({.user_id = cells.Text(), .read_seq = cells.Integer()});
  }
  co_return receipts;
}

}  // namespace

std::unique_ptr<MarkerStore> MakeSqlMarkers(SqlContext& context) {
  return std::make_unique<SqlMarkers>(context);
}

}  // namespace tidemill::chat
