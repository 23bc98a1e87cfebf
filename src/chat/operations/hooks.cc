#include "chat/operations/hooks.h"

#include <utility>

#include "accounts/secret_token.h"
#include "chat/operations/answers.h"
#include "chat/operations/incoming_hooks.h"
#include "chat/operations/sight.h"

namespace tidemill::chat {
namespace {

struct MakeHook {
  RoomId room_id;
  std::string name;
};
constexpr Field<MakeHook> kMakeHook[] = {
    Path<&MakeHook::room_id>("room_id", ""),
    Needed<&MakeHook::name>("name", "1 to 80 characters: what its messages are from.")};

Task<Outcome<Answer>> Create(Services& services, Actor actor, MakeHook params) {
  TM_CO_TRY(CheckedText(CheckName(params.name, kNameCharactersMax), "name"));
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kHooks, view, actor));
  const std::string token = accounts::MakeSecretToken();
  TM_CO_TRY_ASSIGN(const Hook hook, co_await services.store.hooks().Add(std::move(acting),
                                                                        {.id = {},
                                                                         .room_id = params.room_id,
                                                                         .name = std::move(params.name),
                                                                         .created_by = actor.user.id,
                                                                         .created_at = {}},
                                                                        accounts::HashOfToken(token)));
  co_return Answer{.status = 201, .json = ObjectJson([&](JsonWriter& json) {
                                    json.Key("hook");
                                    Write(json, hook);
                                    json.Member("path", PathOfHook(token));
                                  })};
}

struct OfRoomHooks {
  RoomId room_id;
};
constexpr Field<OfRoomHooks> kOfRoomHooks[] = {Path<&OfRoomHooks::room_id>("room_id", "")};

Task<Outcome<Answer>> List(Services& services, Actor actor, OfRoomHooks params) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY(Allow(Action::kHooks, view, actor));
  TM_CO_TRY_ASSIGN(const std::vector<Hook> hooks, co_await services.store.hooks().List(params.room_id));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) { WriteList(json, "hooks", hooks); })};
}

struct OfHook {
  RoomId room_id;
  HookId hook_id;
};
constexpr Field<OfHook> kOfHook[] = {Path<&OfHook::room_id>("room_id", ""),
                                     Path<&OfHook::hook_id>("hook_id", "")};

Task<Outcome<Answer>> Remove(Services& services, Actor actor, OfHook params) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(Acting acting, Allow(Action::kHooks, view, actor));
  TM_CO_TRY(co_await services.store.hooks().Remove(std::move(acting), params.room_id, params.hook_id));
  co_return NoContent();
}

}  // namespace

std::vector<Operation> HookOperations(Services& services) {
  using enum http::Method;
  return {
      MakeOperation({.name = "hooks.create",
                     .method = kPost,
                     .path = "/rooms/{room_id}/hooks",
                     .effect = Effect::kChanges,
                     .summary = "Makes an incoming hook. Its secret path is told this once: whoever has it "
                                "posts messages there, in the form of Slack's incoming webhooks",
                     .result = R"({"type":"object","properties":{"hook":{"$ref":"#/components/schemas/Hook"},
                                  "path":{"type":"string"}}})",
                     .status = 201},
                    services, kMakeHook, Create),
      MakeOperation({.name = "hooks.list",
                     .method = kGet,
                     .path = "/rooms/{room_id}/hooks",
                     .summary = "The incoming hooks of a room, without their paths; for its owners",
                     .result = R"({"type":"object","properties":{"hooks":{"type":"array","items":
                                  {"$ref":"#/components/schemas/Hook"}}}})"},
                    services, kOfRoomHooks, List),
      MakeOperation({.name = "hooks.remove",
                     .method = kDelete,
                     .path = "/rooms/{room_id}/hooks/{hook_id}",
                     .effect = Effect::kChanges,
                     .summary = "Takes a hook away: nothing is posted there any more",
                     .result = "",
                     .status = 204},
                    services, kOfHook, Remove),
  };
}

}  // namespace tidemill::chat
