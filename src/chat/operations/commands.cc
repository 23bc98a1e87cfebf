#include "chat/operations/commands.h"

#include <utility>
#include <vector>

#include "chat/operations/answers.h"
#include "chat/operations/room_changes.h"
#include "chat/operations/sight.h"
#include "chat/text/mentions.h"

namespace tidemill::chat {
namespace {

Answer Done(std::string_view command) {
  return {.json = ObjectJson([&](JsonWriter& json) { json.Member("command", command); })};
}

Task<Outcome<Answer>> SetTopic(Services& services, RoomView view, Actor actor, std::string topic) {
  TM_CO_TRY(CheckedText(CheckLine(topic, kTopicCharactersMax), "text"));
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kDescribe, view, actor));
  RoomPatch patch;
  patch.topic = std::move(topic);
  TM_CO_TRY(co_await services.rooms.Write(services.loop, view.room.id,
                                          UpdatesRoom(std::move(acting), std::move(patch))));
  co_return Done("topic");
}

Task<Outcome<Answer>> InviteNamed(Services& services, RoomView view, Actor actor, std::string text) {
  const MentionedNames names = FindMentions(text);
  if (names.usernames.empty())
    co_return Refuse(Code::kInvalid, "it is written \"/invite @ada @bob\"", "text");
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kInvite, view, actor));
  TM_CO_TRY_ASSIGN(const std::vector<User> users,
                   co_await services.store.users().FindByUsername(names.usernames));
  if (users.size() < names.usernames.size()) {
    co_return Refuse(Code::kInvalid, "not all of these names are of somebody", "text");
  }
  std::vector<std::string> ids;
  for (const User& each : users) ids.push_back(each.id);
  TM_CO_TRY(co_await services.rooms.Write(services.loop, view.room.id,
                                          AddsMembers(std::move(acting), std::move(ids))));
  co_return Done("invite");
}

Task<Outcome<Answer>> LeaveIt(Services& services, RoomView view, Actor actor) {
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kLeave, view, actor));
  TM_CO_TRY(co_await services.rooms.Write(services.loop, view.room.id,
                                          RemovesMember(std::move(acting), actor.user.id)));
  co_return Done("leave");
}

}  // namespace

std::optional<std::string> TextOf(const Command& command) {
  switch (command.kind) {
    case CommandKind::kMe: return "_" + command.rest + "_";
    case CommandKind::kShrug:
      return command.rest + (command.rest.empty() ? "" : " ") + "\u00af\\\\\\_(\u30c4)\\_/\u00af";
    case CommandKind::kTopic:
    case CommandKind::kInvite:
    case CommandKind::kLeave: break;
  }
  return std::nullopt;
}

Task<Outcome<Answer>> RunCommand(Services& services, Actor actor, RoomId room, Command command) {
  TM_CO_TRY_ASSIGN(RoomView view, co_await See(services, room, actor));
  switch (command.kind) {
    case CommandKind::kTopic:
      co_return co_await SetTopic(services, std::move(view), std::move(actor), std::move(command.rest));
    case CommandKind::kInvite:
      co_return co_await InviteNamed(services, std::move(view), std::move(actor), std::move(command.rest));
    case CommandKind::kLeave: co_return co_await LeaveIt(services, std::move(view), std::move(actor));
    case CommandKind::kMe:
    case CommandKind::kShrug: break;
  }
  co_return Refuse(Code::kInternal, "the command sends a message");
}

Task<Outcome<Mentions>> MentionsOf(Services& services, std::string text) {
  MentionedNames names = FindMentions(text);
  Mentions mentions{.user_ids = {}, .room = names.room, .here = names.here};
  if (names.usernames.empty()) co_return mentions;
  TM_CO_TRY_ASSIGN(const std::vector<User> users,
                   co_await services.store.users().FindByUsername(std::move(names.usernames)));
  for (const User& each : users) mentions.user_ids.push_back(each.id);
  co_return mentions;
}

}  // namespace tidemill::chat
