#include "chat/store/sql_threads.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "chat/store/page_cursor.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kPageMax = 100;

// $5: how many of a user's threads are looked through, the newest first.
constexpr std::string_view kList =
    "select MESSAGE_COLUMNS, f.read_seq, f.read_n from (select thread_id, room_id, read_seq, read_n from "
    "@follower where user_id = $1 and is_following = 1 order by thread_id desc limit $5) as f join @message "
    "g "
    "on g.id = f.thread_id and g.reply_count > 0 join @member m on m.room_id = f.room_id and m.user_id = $1 "
    "join @room r on r.id = f.room_id and r.deleted_at = 0 "
    "where (cast($2 as bigint) = 0 or g.reply_count > f.read_n) and (g.last_reply_at, g.id) < (cast($3 as "
    "bigint), cast($4 as bigint)) order by g.last_reply_at desc, g.id desc limit $6";
constexpr std::string_view kSetFollowing =
    "insert into @follower as w (thread_id, user_id, room_id, is_following, read_seq, read_n) select g.id, "
    "m.user_id, g.room_id, cast($3 as bigint), r.last_seq, g.reply_count from @message g join @member m on "
    "m.room_id = g.room_id and m.user_id = $1 join @room r on r.id = g.room_id and r.deleted_at = 0 where "
    "g.id "
    "= $2 and g.thread_id = 0 on conflict (thread_id, user_id) do update set is_following = "
    "excluded.is_following where w.is_following <> excluded.is_following";

FollowedThread FollowedOf(Cells& cells) {
  FollowedThread thread{.root = MessageOf(cells), .read_seq = cells.Integer()};
  thread.unread = std::max<std::int64_t>(0, thread.root.reply_count - cells.Integer());
  return thread;
}

class SqlThreads final : public ThreadStore {
 public:
  explicit SqlThreads(SqlContext& context) : context_(context) {}

  Task<Outcome<ThreadPage>> List(ThreadQuery query) override;
  Task<Outcome<bool>> Follow(std::string user, MessageId thread) override {
    return context_.ToEnd(SetFollowing(std::move(user), thread, Following::kYes));
  }
  Task<Outcome<bool>> Unfollow(std::string user, MessageId thread) override {
    return context_.ToEnd(SetFollowing(std::move(user), thread, Following::kNo));
  }
  Task<Outcome<FollowedThread>> MarkRead(std::string user, MessageId thread, Seq seq) override {
    return context_.ToEnd(
        InTransaction<FollowedThread>(context_, [this, user = std::move(user), thread, seq](Work& work) {
          return DoMarkRead(work, user, thread, seq);
        }));
  }
  Task<Outcome<std::vector<std::string>>> ListFollowers(MessageId thread) override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows,
                     co_await context_.Read(list_followers_, {thread.value()}, kFollowersMax));
    std::vector<std::string> users;
    for (std::size_t i = 0; i < rows.size(); ++i) users.emplace_back(rows[i][0].text);
    co_return users;
  }

 private:
  enum class Following : std::uint8_t { kNo, kYes };
  Task<Outcome<bool>> SetFollowing(std::string user, MessageId thread, Following following);
  Task<Outcome<FollowedThread>> DoMarkRead(Work& work, std::string user, MessageId thread, Seq seq);

  SqlContext& context_;
  const sql::Statement list_ = context_.Make(kList);
  const sql::Statement set_following_ = context_.Make(kSetFollowing);
  const sql::Statement find_root_ = context_.Make(
      "select g.id from @message g join @member m on m.room_id = g.room_id and m.user_id = $1 where g.id = "
      "$2 "
      "and g.thread_id = 0");
  const sql::Statement lock_ = context_.Make(
      "select read_seq from @follower where thread_id = $1 and user_id = $2 and is_following = 1 FOR_UPDATE");
  const sql::Statement count_up_to_ = context_.Make(
      "select g.reply_n, g.seq from @message g where g.thread_id = $1 and g.thread_id > 0 and g.seq <= $2 "
      "order "
      "by g.seq desc limit 1");
  const sql::Statement move_ =
      context_.Make("update @follower set read_seq = $3, read_n = $4 where thread_id = $1 and user_id = $2");
  const sql::Statement find_ = context_.Make(
      "select MESSAGE_COLUMNS, f.read_seq, f.read_n from @follower f join @message g on g.id = f.thread_id "
      "where "
      "f.thread_id = $1 and f.user_id = $2");
  const sql::Statement list_followers_ = context_.Make(
      "select f.user_id from @follower f join @member m on m.room_id = f.room_id and m.user_id = f.user_id "
      "where "
      "f.thread_id = $1 and f.is_following = 1 order by f.user_id limit 1000");
};

Task<Outcome<ThreadPage>> SqlThreads::List(ThreadQuery query) {
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kPageMax);
  TM_CO_TRY_ASSIGN(const PagePosition after, ParseCursor(query.cursor));
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::max();
  const std::int64_t at = ParseIdNumber(after.key).value_or(kFirst);
  const std::int64_t id = ParseIdNumber(after.id).value_or(kFirst);
  TM_CO_TRY_ASSIGN(
      const sql::Rows rows,
      co_await context_.Read(list_,
                             {std::move(query.user), std::int64_t{query.unread_only}, at, id,
                              static_cast<std::int64_t>(kFollowedMax), static_cast<std::int64_t>(limit + 1)},
                             limit + 1));
  ThreadPage page{.threads = ListOf<FollowedThread>(rows, FollowedOf), .cursor = {}};
  if (page.threads.size() > limit) {
    page.threads.pop_back();
    const Message& last = page.threads.back().root;
    page.cursor = CursorOf(PagePosition{.key = std::to_string(last.last_reply_at.value_or(WallTime{}).ms),
                                        .id = ToText(last.id)});
  }
  co_return page;
}

Task<Outcome<bool>> SqlThreads::SetFollowing(std::string user, MessageId thread, Following following) {
  TM_CO_TRY_ASSIGN(
      const std::size_t changed,
      co_await context_.Change(set_following_, {user, thread.value(), static_cast<std::int64_t>(following)}));
  if (changed > 0) co_return true;
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await context_.Read(find_root_, {std::move(user), thread.value()}, 1));
  if (rows.empty()) co_return Refuse(Code::kNotFound, "there is no such message in your rooms");
  co_return false;
}

Task<Outcome<FollowedThread>> SqlThreads::DoMarkRead(Work& work, std::string user, MessageId thread,
                                                     Seq seq) {
  TM_CO_TRY_ASSIGN(const sql::Rows locked, co_await work.Run(lock_, {thread.value(), user}));
  if (locked.empty()) co_return Refuse(Code::kNotFound, "you do not follow this thread");
  TM_CO_TRY_ASSIGN(const sql::Rows reply, co_await work.Run(count_up_to_, {thread.value(), seq}));
  if (!reply.empty()) {
    Cells cells(reply[0]);
    const std::int64_t read_n = cells.Integer();
    const Seq read_seq = cells.Integer();
    if (read_seq > Cells(locked[0]).Integer())
      TM_CO_TRY(co_await work.Change(move_, {thread.value(), user, read_seq, read_n}));
  }
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(find_, {thread.value(), std::move(user)}));
  if (rows.empty()) co_return Refuse(Code::kNotFound, "there is no such message");
  Cells cells(rows[0]);
  co_return FollowedOf(cells);
}

}  // namespace

std::unique_ptr<ThreadStore> MakeSqlThreads(SqlContext& context) {
  return std::make_unique<SqlThreads>(context);
}

}  // namespace tidemill::chat
