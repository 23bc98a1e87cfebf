#include "chat/operations/sync.h"

#include <array>
#include <utility>
#include <vector>

#include "chat/delivery/channels.h"
#include "chat/operations/answers.h"
#include "chat/operations/pages.h"
#include "net/next_turn.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kUsersMax = 1'000;
constexpr std::size_t kRoomsMax = 5'000;

struct Parts {
  User me;
  std::vector<User> users;
  std::vector<RoomView> rooms;
  std::array<StreamAt, 2> streams;
};

void WriteLimits(JsonWriter& json, const Services& services) {
  const ChatSettings& settings = services.settings;
  json.Key("limits");
  json.BeginObject();
  json.Member("text_max", settings.text_max);
  json.Member("upload_bytes_max", services.upload_bytes_max);
  json.Member("typing_interval_ms", settings.typing_interval.ms);
  json.EndObject();
}

void WritePresence(JsonWriter& json, const OnlineUsers& online, const Parts& parts) {
  json.Key("presence");
  json.BeginObject();
  const auto write = [&](const User& user) {
    const Shown shown = online.Of(user.id);
    if (!shown) return;
    json.DynamicKey(user.id);
    json.String(Name(*shown));
  };
  bool has_me = false;
  for (const User& user : parts.users) {
    has_me = has_me || user.id == parts.me.id;
    write(user);
  }
  if (!has_me) write(parts.me);
  json.EndObject();
}

// Of thousands of rooms some in each turn.
Task<std::string> Written(Services& services, Parts parts) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Key("me");
  Write(json, parts.me);
  WriteList(json, "users", parts.users);
  json.Key("rooms");
  json.BeginArray();
  for (const RoomView& view : parts.rooms) {
    Write(json, view);
    if (services.loop.ShareSpent()) co_await net::NextTurn(services.loop);
  }
  json.EndArray();
  WritePresence(json, services.online, parts);
  WriteLimits(json, services);
  json.Key("streams");
  json.BeginArray();
  for (const StreamAt& stream : parts.streams) Write(json, stream);
  json.EndArray();
  json.Member("server_time", services.loop.clock().WallNow().ms);
  json.EndObject();
  co_return text;
}

// The positions first: what happens in the meantime is in them and behind them.
Task<Outcome<Answer>> Sync(Services& services, Actor actor, NoParams) {
  const std::string& user = actor.user.id;
  Parts parts;
  TM_CO_TRY_ASSIGN(parts.streams[0], co_await PositionOf(services, UserChannel(user)));
  TM_CO_TRY_ASSIGN(parts.streams[1], co_await PositionOf(services, std::string(kAllChannel)));
  TM_CO_TRY_ASSIGN(parts.rooms, co_await services.store.rooms().ListOf(user, kRoomsMax));
  TM_CO_TRY_ASSIGN(parts.users, co_await services.store.users().FindAround(user, kUsersMax));
  TM_CO_TRY_ASSIGN(std::vector<User> me,
                   co_await services.store.users().Find(std::vector<std::string>{user}));
  parts.me = me.empty() ? actor.user : std::move(me.front());
  co_return Answer{.json = co_await Written(services, std::move(parts))};
}

}  // namespace

Operation SyncOperation(Services& services) {
  return MakeOperation(
      {.name = "sync",
       .method = http::Method::kGet,
       .path = "/sync",
       .summary = "All that a client begins with: oneself, one's rooms with what is unread in "
                  "them, the people there and who of them is connected, and the positions of the "
                  "channels to follow from",
       .result = R"({"type":"object","properties":{"me":{"$ref":"#/components/schemas/User"},
                                     "users":{"type":"array"},"rooms":{"type":"array"},
                                     "presence":{"type":"object"},"limits":{"type":"object"},
                                     "streams":{"type":"array"},"server_time":{"type":"integer"}}})"},
      services, Sync);
}

}  // namespace tidemill::chat
