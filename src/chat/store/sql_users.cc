#include "chat/store/sql_users.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "chat/store/page_cursor.h"
#include "chat/store/room_work.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kIdBytesMax = 64;
constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kStatusBytesMax = 400;
constexpr std::size_t kFindMax = 1'000;
constexpr std::size_t kPageMax = 200;

constexpr std::string_view kUpsert =
    "insert into @user as u (id, name, username, username_key, search_key, role, is_bot, created_at, "
    "changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $8) on conflict (id) do update set name = "
    "excluded.name, username = excluded.username, username_key = excluded.username_key, search_key = "
    "excluded.search_key, role = excluded.role, is_bot = excluded.is_bot, changed_at = excluded.changed_at";
// Direct rooms' people first; then the members of all rooms, as far as they are soon found.
constexpr std::string_view kFindAround =
    "select USER_COLUMNS from @user u where u.id in (select user_id from (select d.user_id from @member m "
    "join @room r on r.id = m.room_id and r.type >= 2 join @member d on d.room_id = m.room_id where "
    "m.user_id = $1 limit $2) as direct union select user_id from (select distinct user_id from (select "
    "d.user_id from @member m join @member d on d.room_id = m.room_id where m.user_id = $1 limit 20000) as "
    "met limit $2) as few) limit $2";

// What users are looked for by: name, then username, in small letters.
std::string SearchKey(const User& user) { return ToLower(user.name) + " " + ToLower(user.username); }

Outcome<> Check(const Identity& identity) {
  if (identity.id.empty()) return Refuse(Code::kInvalid, "a user's id may not be empty", "id");
  TM_TRY(CheckText(identity.id, kIdBytesMax, "id"));
  TM_TRY(CheckText(identity.name, kNameBytesMax, "name"));
  return CheckText(identity.username, kNameBytesMax, "username");
}

class SqlUsers final : public UserStore {
 public:
  explicit SqlUsers(SqlContext& context) : context_(context) {}

  Task<Outcome<Upserted>> Upsert(Identity identity) override {
    return context_.ToEnd(UpsertToEnd(std::move(identity)));
  }
  Task<Outcome<std::vector<User>>> Find(std::vector<std::string> ids) override {
    if (ids.size() > kFindMax) co_return Refuse(Code::kTooMany, "ask for 1,000 users at most", "ids");
    co_return co_await ReadUsers(find_, {std::move(ids)});
  }
  Task<Outcome<std::vector<User>>> FindByUsername(std::vector<std::string> usernames) override {
    if (usernames.size() > kPageMax)
      co_return Refuse(Code::kTooMany, "ask for 200 users at most", "usernames");
    for (std::string& username : usernames) username = ToLower(username);
    co_return co_await ReadUsers(find_by_username_, {std::move(usernames)});
  }
  Task<Outcome<UserPage>> List(UserQuery query) override;
  Task<Outcome<std::vector<User>>> FindAround(std::string user, std::size_t limit) override {
    co_return co_await ReadUsers(
        find_around_,
        {std::move(user), static_cast<std::int64_t>(std::clamp<std::size_t>(limit, 1, kFindMax))});
  }

  Task<Outcome<User>> Rename(std::string user, std::string name) override {
    return context_.ToEnd(RenameToEnd(std::move(user), std::move(name)));
  }
  Task<Outcome<User>> SetStatus(std::string user, std::optional<Status> status) override {
    return context_.ToEnd(SetStatusToEnd(std::move(user), std::move(status)));
  }
  Task<Outcome<User>> SetPresence(std::string user, Presence presence) override {
    return context_.ToEnd(ChangeUser(user, set_presence_, {user, static_cast<std::int64_t>(presence)}));
  }

 private:
  Task<Outcome<Upserted>> UpsertToEnd(Identity identity);
  Task<Outcome<User>> RenameToEnd(std::string user, std::string name);
  Task<Outcome<User>> SetStatusToEnd(std::string user, std::optional<Status> status);
  Task<Outcome<User>> ChangeUser(std::string user, sql::Statement statement, sql::Parameters parameters);
  Task<Outcome<User>> FindOne(std::string user);
  Task<Outcome<std::vector<User>>> ReadUsers(sql::Statement statement, sql::Parameters parameters) {
    TM_CO_TRY_ASSIGN(const sql::Rows rows,
                     co_await context_.Read(std::move(statement), std::move(parameters), kFindMax));
    co_return ListOf<User>(rows, UserOf);
  }

  SqlContext& context_;
  const sql::Statement find_ = context_.Make("select USER_COLUMNS from @user u where u.id IS_ONE_OF");
  const sql::Statement find_by_username_ =
      context_.Make("select USER_COLUMNS from @user u where u.username_key IS_ONE_OF limit 1000");
  const sql::Statement list_ = context_.Make(
      "select USER_COLUMNS, u.search_key from @user u where (u.search_key, u.id) > ($1, $2) and u.search_key "
      "like $3 escape '\\' order by u.search_key, u.id limit $4");
  const sql::Statement find_around_ = context_.Make(kFindAround);
  const sql::Statement upsert_ = context_.Make(kUpsert);
  const sql::Statement rename_ =
      context_.Make("update @user set name = $2, search_key = $3, changed_at = $4 where id = $1");
  const sql::Statement set_status_ =
      context_.Make("update @user set status_emoji = $2, status_text = $3, status_until = $4 where id = $1");
  const sql::Statement set_presence_ = context_.Make("update @user set presence = $2 where id = $1");
};

Task<Outcome<User>> SqlUsers::FindOne(std::string user) {
  TM_CO_TRY_ASSIGN(std::vector<User> users, co_await Find({std::move(user)}));
  if (users.empty()) co_return Refuse(Code::kNotFound, "there is no such user");
  co_return std::move(users.front());
}

// Nearly always it is there and as it was: then nothing is written.
Task<Outcome<Upserted>> SqlUsers::UpsertToEnd(Identity identity) {
  TM_CO_TRY(Check(identity));
  TM_CO_TRY_ASSIGN(std::vector<User> users, co_await Find({identity.id}));
  User user = users.empty() ? User{.id = identity.id} : users.front();
  if (!identity.username.empty()) user.username = identity.username;
  if (user.username.empty()) user.username = user.id;
  if (!identity.name.empty()) user.name = identity.name;
  if (user.name.empty()) user.name = user.username;
  user.role = identity.role;
  user.is_bot = identity.is_bot;
  if (!users.empty() && user == users.front())
    co_return Upserted{.user = std::move(user), .has_changed = false};
  TM_CO_TRY(co_await context_.Change(
      upsert_, {user.id, user.name, user.username, ToLower(user.username), SearchKey(user),
                static_cast<std::int64_t>(user.role), std::int64_t{user.is_bot}, context_.now().ms}));
  co_return Upserted{.user = std::move(user), .has_changed = true};
}

Task<Outcome<User>> SqlUsers::ChangeUser(std::string user, sql::Statement statement,
                                         sql::Parameters parameters) {
  TM_CO_TRY(co_await context_.Change(std::move(statement), std::move(parameters)));
  co_return co_await FindOne(std::move(user));
}

Task<Outcome<User>> SqlUsers::RenameToEnd(std::string id, std::string name) {
  if (name.empty()) co_return Refuse(Code::kInvalid, "give a name", "name");
  TM_CO_TRY(CheckText(name, kNameBytesMax, "name"));
  TM_CO_TRY_ASSIGN(User user, co_await FindOne(id));
  user.name = name;
  co_return co_await ChangeUser(std::move(id), rename_,
                                {user.id, user.name, SearchKey(user), context_.now().ms});
}

Task<Outcome<User>> SqlUsers::SetStatusToEnd(std::string user, std::optional<Status> status) {
  const Status given = status.value_or(Status{});
  TM_CO_TRY(CheckText(given.emoji, kStatusBytesMax, "emoji"));
  TM_CO_TRY(CheckText(given.text, kStatusBytesMax, "text"));
  const std::int64_t until = given.until ? given.until->ms : 0;
  sql::Parameters parameters{user, given.emoji, given.text, until};
  co_return co_await ChangeUser(std::move(user), set_status_, std::move(parameters));
}

Task<Outcome<UserPage>> SqlUsers::List(UserQuery query) {
  TM_CO_TRY(CheckText(query.text, kNameBytesMax, "query"));
  TM_CO_TRY_ASSIGN(PagePosition after, ParseCursor(query.cursor));
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kPageMax);
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await context_.Read(list_,
                                          {std::move(after.key), std::move(after.id), LikePattern(query.text),
                                           static_cast<std::int64_t>(limit + 1)},
                                          limit + 1));
  UserPage page{.users = ListOf<User>(rows, UserOf), .cursor = {}};
  if (page.users.size() > limit) {
    page.users.pop_back();
    const sql::Row last = rows[limit - 1];
    page.cursor = CursorOf(PagePosition{.key = std::string(last[9].text), .id = page.users.back().id});
  }
  co_return page;
}

}  // namespace

std::unique_ptr<UserStore> MakeSqlUsers(SqlContext& context) { return std::make_unique<SqlUsers>(context); }

}  // namespace tidemill::chat
