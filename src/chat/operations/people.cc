#include "chat/operations/people.h"

#include <utility>

#include "chat/operations/answers.h"
#include "chat/operations/sync.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kIdsMax = 200;
constexpr std::size_t kStatusCharactersMax = 100;

constexpr std::string_view kUserSchema =
    R"({"type":"object","properties":{"user":{"$ref":"#/components/schemas/User"}}})";

struct ListUsers {
  std::string query;
  std::vector<std::string> ids;
  std::string cursor;
  std::optional<std::int64_t> limit;
};
constexpr Field<ListUsers> kListUsers[] = {Query<&ListUsers::query>("query", "A piece of name or username."),
                                           Query<&ListUsers::ids>("ids", "At most 200; alone."),
                                           Query<&ListUsers::cursor>("cursor", "Of the page before."),
                                           Query<&ListUsers::limit>("limit", "1 to 200; 50.")};

Task<Outcome<UserPage>> FindUsers(Services& services, ListUsers params, std::size_t limit) {
  if (params.ids.empty()) {
    co_return co_await services.store.users().List(
        {.text = std::move(params.query), .cursor = std::move(params.cursor), .limit = limit});
  }
  if (params.ids.size() > kIdsMax) co_return Refuse(Code::kInvalid, "at most 200 ids", "ids");
  UserPage page;
  TM_CO_TRY_ASSIGN(page.users, co_await services.store.users().Find(std::move(params.ids)));
  co_return page;
}

Task<Outcome<Answer>> List(Services& services, Actor, ListUsers params) {
  TM_CO_TRY_ASSIGN(const std::size_t limit, LimitOf(params.limit, 50, 200));
  TM_CO_TRY_ASSIGN(const UserPage page, co_await FindUsers(services, std::move(params), limit));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     WriteList(json, "users", page.users);
                     WriteCursor(json, page.cursor);
                   })};
}

Answer AnswerChanged(Services& services, const User& user) {
  services.announce(user);
  return AnswerWith("user", user);
}

struct Rename {
  std::string name;
};
constexpr Field<Rename> kRename[] = {Needed<&Rename::name>("name", "1 to 80 characters.")};

Task<Outcome<Answer>> RenameMe(Services& services, Actor actor, Rename params) {
  TM_CO_TRY(CheckedText(CheckName(params.name, kNameCharactersMax), "name"));
  TM_CO_TRY_ASSIGN(const User user, co_await services.store.users().Rename(actor.user.id, params.name));
  co_return AnswerChanged(services, user);
}

struct PutStatus {
  std::string emoji;
  std::string text;
  std::optional<std::int64_t> until;
};
constexpr Field<PutStatus> kPutStatus[] = {
    Body<&PutStatus::emoji>("emoji", "Without emoji and text there is no status."),
    Body<&PutStatus::text>("text", "At most 100 characters."),
    Body<&PutStatus::until>("until", "When it ends, in ms since 1970.")};

Task<Outcome<Answer>> SetStatus(Services& services, Actor actor, PutStatus params) {
  if (!params.emoji.empty()) TM_CO_TRY(CheckedText(CheckEmoji(params.emoji), "emoji"));
  TM_CO_TRY(CheckedText(CheckLine(params.text, kStatusCharactersMax), "text"));
  std::optional<Status> status;
  if (!params.emoji.empty() || !params.text.empty()) {
    status = Status{.emoji = params.emoji, .text = params.text, .until = std::nullopt};
    if (params.until) status->until = WallTime{*params.until};
  }
  TM_CO_TRY_ASSIGN(const User user,
                   co_await services.store.users().SetStatus(actor.user.id, std::move(status)));
  co_return AnswerChanged(services, user);
}

struct PutPresence {
  std::string state;
};
constexpr Field<PutPresence> kPutPresence[] = {
    Needed<&PutPresence::state>("state", "What one is seen as while connected: online, away or dnd.")};

Task<Outcome<Answer>> SetPresence(Services& services, Actor actor, PutPresence params) {
  TM_CO_TRY_ASSIGN(const Presence presence,
                   WordOf(ParsePresence, params.state, "state", "online, away or dnd"));
  TM_CO_TRY(co_await services.store.users().SetPresence(actor.user.id, presence));
  services.choose(actor.user.id, presence);
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) { json.Member("state", Name(presence)); })};
}

}  // namespace

std::vector<Operation> PeopleOperations(Services& services) {
  using enum http::Method;
  std::vector<Operation> operations = {
      MakeOperation({.name = "users.list",
                     .method = kGet,
                     .path = "/users",
                     .summary = "People, by name, or those with these ids",
                     .result = R"({"type":"object","properties":{"users":{"type":"array","items":
                                  {"$ref":"#/components/schemas/User"}},
                                  "cursor":{"type":["string","null"]}}})"},
                    services, kListUsers, List),
      MakeOperation({.name = "me.update",
                     .method = kPatch,
                     .path = "/users/me",
                     .effect = Effect::kChanges,
                     .summary = "Changes one's own name; a token with the claim name changes it back",
                     .result = kUserSchema},
                    services, kRename, RenameMe),
      MakeOperation({.name = "me.status",
                     .method = kPut,
                     .path = "/users/me/status",
                     .effect = Effect::kChanges,
                     .summary = "Sets one's own status, or takes it away",
                     .result = kUserSchema},
                    services, kPutStatus, SetStatus),
      MakeOperation({.name = "me.presence",
                     .method = kPut,
                     .path = "/users/me/presence",
                     .effect = Effect::kChanges,
                     .summary = "What one wants to be seen as",
                     .result = R"({"type":"object","properties":{"state":{"type":"string"}}})"},
                    services, kPutPresence, SetPresence)};
  operations.push_back(SyncOperation(services));
  return operations;
}

}  // namespace tidemill::chat
