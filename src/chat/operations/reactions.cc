#include "chat/operations/reactions.h"

#include <utility>

#include "chat/operations/answers.h"
#include "chat/operations/applied.h"
#include "chat/operations/sight.h"

namespace tidemill::chat {
namespace {

struct OfReaction {
  MessageId message_id;
  std::string emoji;
};
constexpr Field<OfReaction> kOfReaction[] = {
    Path<&OfReaction::message_id>("message_id", ""),
    Path<&OfReaction::emoji>("emoji", "An emoji or its name, at most 64 bytes.")};

enum class Put : std::uint8_t { kAdd, kRemove };

Task<Outcome<Answer>> React(Services& services, Actor actor, OfReaction params, Put put) {
  TM_CO_TRY(CheckedText(CheckEmoji(params.emoji), "emoji"));
  TM_CO_TRY_ASSIGN(const SeenMessage seen, co_await SeeMessage(services, params.message_id, actor));
  TM_CO_TRY_ASSIGN(const Acting acting, Allow(Action::kReact, seen.view, actor));
  if (put == Put::kAdd && !seen.view.room.settings.reactions) {
    co_return Refuse(Code::kForbidden, "this room has no reactions");
  }
  StoreWrite<Message> write = [acting, params, put](Store& store) {
    return put == Put::kAdd ? store.messages().AddReaction(acting, params.message_id, params.emoji)
                            : store.messages().RemoveReaction(acting, params.message_id, params.emoji);
  };
  TM_CO_TRY_ASSIGN(const Message message, co_await services.rooms.Write(services.loop, seen.view.room.id,
                                                                        Applied(std::move(write))));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     json.Member("message_id", ToText(message.id));
                     json.Key("reactions");
                     Write(json, message.reactions);
                   })};
}

Task<Outcome<Answer>> AddReaction(Services& services, Actor actor, OfReaction params) {
  return React(services, std::move(actor), std::move(params), Put::kAdd);
}
Task<Outcome<Answer>> RemoveReaction(Services& services, Actor actor, OfReaction params) {
  return React(services, std::move(actor), std::move(params), Put::kRemove);
}

struct OfPin {
  RoomId room_id;
  MessageId message_id;
};
constexpr Field<OfPin> kOfPin[] = {Path<&OfPin::room_id>("room_id", ""),
                                   Path<&OfPin::message_id>("message_id", "")};

Task<Outcome<Answer>> Pin(Services& services, Actor actor, OfPin params, Put put) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(const Acting acting, Allow(Action::kPin, view, actor));
  StoreWrite<Message> write = [acting, params, put](Store& store) {
    return put == Put::kAdd ? store.messages().Pin(acting, params.room_id, params.message_id)
                            : store.messages().Unpin(acting, params.room_id, params.message_id);
  };
  TM_CO_TRY(co_await services.rooms.Write(services.loop, params.room_id, Applied(std::move(write))));
  co_return NoContent();
}

Task<Outcome<Answer>> AddPin(Services& services, Actor actor, OfPin params) {
  return Pin(services, std::move(actor), params, Put::kAdd);
}
Task<Outcome<Answer>> RemovePin(Services& services, Actor actor, OfPin params) {
  return Pin(services, std::move(actor), params, Put::kRemove);
}

struct PinsOf {
  RoomId room_id;
};
constexpr Field<PinsOf> kPinsOf[] = {Path<&PinsOf::room_id>("room_id", "")};

Task<Outcome<Answer>> ListPins(Services& services, Actor actor, PinsOf params) {
  TM_CO_TRY(co_await See(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(const std::vector<Message> messages,
                   co_await services.store.messages().ListPins(params.room_id));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) { WriteList(json, "messages", messages); })};
}

constexpr std::string_view kReactionsSchema =
    R"({"type":"object","properties":{"message_id":{"type":"string"},"reactions":{"type":"array"}}})";

}  // namespace

std::vector<Operation> ReactionOperations(Services& services) {
  using enum http::Method;
  return {
      MakeOperation({.name = "reactions.add",
                     .method = kPut,
                     .path = "/messages/{message_id}/reactions/{emoji}",
                     .effect = Effect::kChanges,
                     .summary = "Reacts to a message",
                     .result = kReactionsSchema},
                    services, kOfReaction, AddReaction),
      MakeOperation({.name = "reactions.remove",
                     .method = kDelete,
                     .path = "/messages/{message_id}/reactions/{emoji}",
                     .effect = Effect::kChanges,
                     .summary = "Takes one's own reaction back",
                     .result = kReactionsSchema},
                    services, kOfReaction, RemoveReaction),
      MakeOperation({.name = "pins.add",
                     .method = kPut,
                     .path = "/rooms/{room_id}/pins/{message_id}",
                     .effect = Effect::kChanges,
                     .summary = "Pins a message",
                     .result = "",
                     .status = 204},
                    services, kOfPin, AddPin),
      MakeOperation({.name = "pins.remove",
                     .method = kDelete,
                     .path = "/rooms/{room_id}/pins/{message_id}",
                     .effect = Effect::kChanges,
                     .summary = "Unpins it",
                     .result = "",
                     .status = 204},
                    services, kOfPin, RemovePin),
      MakeOperation({.name = "pins.list",
                     .method = kGet,
                     .path = "/rooms/{room_id}/pins",
                     .summary = "What is pinned, the latest first",
                     .result = R"({"type":"object","properties":{"messages":{"type":"array","items":
                                  {"$ref":"#/components/schemas/Message"}}}})"},
                    services, kPinsOf, ListPins),
  };
}

}  // namespace tidemill::chat
