#include "chat/operations/search.h"

#include <set>
#include <utility>

#include "chat/operations/answers.h"
#include "chat/search/query.h"

namespace tidemill::chat {
namespace {

struct SearchMessages {
  std::string q;
  std::string cursor;
  std::optional<std::int64_t> limit;
};
constexpr Field<SearchMessages> kSearchMessages[] = {
    Query<&SearchMessages::q>("q",
                              "Words, \"phrases\", from:ada in:general before:2026-01-01 after:2025-12-01 "
                              "has:link has:file."),
    Query<&SearchMessages::cursor>("cursor", "Of the page before."),
    Query<&SearchMessages::limit>("limit", "1 to 100; 20.")};

// nullopt: a name is nobody's, or no room's, so nothing is found.
Task<Outcome<std::optional<MessageSearch>>> Resolve(Services& services, std::string user, SearchQuery query) {
  MessageSearch search{.user = user,
                       .phrases = std::move(query.phrases),
                       .from = {},
                       .in = {},
                       .before = query.before,
                       .from_time = query.since,
                       .has_link = query.has_link,
                       .has_file = query.has_file,
                       .cursor = ""};
  if (!query.from.empty()) {
    TM_CO_TRY_ASSIGN(const std::vector<User> users,
                     co_await services.store.users().FindByUsername(query.from));
    if (users.empty()) co_return std::nullopt;
    for (const User& each : users) search.from.push_back(each.id);
  }
  if (!query.in.empty()) {
    TM_CO_TRY_ASSIGN(const std::vector<RoomView> rooms,
                     co_await services.store.rooms().FindByName(query.in, std::move(user)));
    if (rooms.empty()) co_return std::nullopt;
    for (const RoomView& each : rooms) search.in.push_back(each.room.id);
  }
  co_return search;
}

Answer AnswerHits(const SearchPage& page, const std::vector<User>& users) {
  return {.json = ObjectJson([&](JsonWriter& json) {
            json.Key("hits");
            json.BeginArray();
            for (const Message& message : page.messages) {
              json.BeginObject();
              json.Key("message");
              Write(json, message);
              json.Member("room_id", ToText(message.room_id));
              json.EndObject();
            }
            json.EndArray();
            WriteList(json, "users", users);
            WriteCursor(json, page.cursor);
          })};
}

Task<Outcome<Answer>> Search(Services& services, Actor actor, SearchMessages params) {
  TM_CO_TRY_ASSIGN(const std::size_t limit, LimitOf(params.limit, 20, 100));
  auto query = ParseSearch(params.q);
  if (!query) co_return Refuse(Code::kInvalid, query.error(), "q");
  if (query->empty()) co_return Refuse(Code::kInvalid, "q says what is looked for", "q");
  TM_CO_TRY_ASSIGN(std::optional<MessageSearch> search,
                   co_await Resolve(services, actor.user.id, *std::move(query)));
  if (!search) co_return AnswerHits({}, {});
  search->cursor = std::move(params.cursor);
  search->limit = limit;
  TM_CO_TRY_ASSIGN(const SearchPage page, co_await services.store.search().Find(*std::move(search)));
  std::set<std::string> ids;
  for (const Message& message : page.messages) ids.insert(message.user_id);
  std::vector<User> users;
  if (!ids.empty()) {
    TM_CO_TRY_ASSIGN(users,
                     co_await services.store.users().Find(std::vector<std::string>(ids.begin(), ids.end())));
  }
  co_return AnswerHits(page, users);
}

}  // namespace

Operation SearchOperation(Services& services) {
  return MakeOperation(
      {.name = "search",
       .method = http::Method::kGet,
       .path = "/search/messages",
       .summary = "Messages by words and filters, in one's own rooms, the newest first",
       .result = R"({"type":"object","properties":{"hits":{"type":"array","items":{"type":"object",
                                     "properties":{"message":{"$ref":"#/components/schemas/Message"},
                                     "room_id":{"type":"string"}}}},"users":{"type":"array"},
                                     "cursor":{"type":["string","null"]}}})"},
      services, kSearchMessages, Search);
}

}  // namespace tidemill::chat
