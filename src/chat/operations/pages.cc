#include "chat/operations/pages.h"

#include <set>
#include <utility>
#include <vector>

#include "chat/operations/answers.h"

namespace tidemill::chat {

void Write(JsonWriter& json, const StreamAt& stream) {
  json.BeginObject();
  json.Member("channel", stream.channel);
  json.Member("offset", stream.offset);
  json.Member("epoch", stream.epoch);
  json.EndObject();
}

Task<Outcome<StreamAt>> PositionOf(Services& services, std::string channel) {
  const auto history = co_await services.publisher.History({.channel = channel, .query = {}});
  if (!history) co_return Refuse(Code::kUnavailable, "the channels are away: try again in a moment");
  co_return StreamAt{
      .channel = std::move(channel), .offset = history->top.offset, .epoch = history->top.epoch};
}

Task<Outcome<Answer>> AnswerPage(Services& services, MessagePage page, StreamAt stream) {
  std::set<std::string> ids;
  for (const Message& message : page.messages) {
    ids.insert(message.user_id);
    ids.insert(message.reply_user_ids.begin(), message.reply_user_ids.end());
  }
  std::vector<User> users;
  if (!ids.empty()) {
    TM_CO_TRY_ASSIGN(users,
                     co_await services.store.users().Find(std::vector<std::string>(ids.begin(), ids.end())));
  }
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     WriteList(json, "messages", page.messages);
                     WriteList(json, "users", users);
                     json.Member("has_more_before", page.has_more_before);
                     json.Member("has_more_after", page.has_more_after);
                     json.Member("version", page.version);
                     json.Key("stream");
                     Write(json, stream);
                   })};
}

}  // namespace tidemill::chat
