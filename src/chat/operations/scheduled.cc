#include "chat/operations/scheduled.h"

#include <algorithm>
#include <utility>

#include "chat/delivery/event.h"
#include "chat/operations/answers.h"
#include "chat/operations/commands.h"
#include "chat/operations/messages.h"
#include "chat/operations/sight.h"
#include "chat/text/command.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kScheduledSchema =
    R"({"type":"object","properties":{"scheduled":{"$ref":"#/components/schemas/Scheduled"}}})";

// Of what could not be sent now.
constexpr Duration kTryAgainAfter = Seconds(5);

// To all devices of the author.
void TellAuthor(Services& services, const ScheduledMessage& message, std::string_view type,
                std::string_view data) {
  services.courier.PublishTo(message.user_id, EventNow(services.loop, type, message.room_id, data));
}
void TellState(Services& services, const ScheduledMessage& message, std::string_view type) {
  TellAuthor(services, message, type, ObjectJson([&](JsonWriter& json) {
               json.Key("scheduled");
               Write(json, message);
             }));
}

// A text as it will be sent. Commands that do something else than that do it at once, or not at all.
Outcome<std::string> TextToSchedule(const Services& services, const std::string& text) {
  auto command = ParseCommand(text);
  if (!command) return Refuse(Code::kInvalid, command.error(), "text");
  std::string sent(WithoutEscape(text));
  if (*command) {
    std::optional<std::string> instead = TextOf(**command);
    if (!instead) return Refuse(Code::kInvalid, "this command cannot be scheduled", "text");
    sent = *std::move(instead);
  }
  TM_TRY(CheckMessageText(services.settings, sent));
  return sent;
}

struct Schedule {
  RoomId room_id;
  std::string text;
  std::int64_t at = 0;
  MessageId thread_id;
};
constexpr Field<Schedule> kSchedule[] = {
    Path<&Schedule::room_id>("room_id", ""), Needed<&Schedule::text>("text", "As of messages.send."),
    Needed<&Schedule::at>("at", "When it is sent, in ms since 1970: within a year."),
    Body<&Schedule::thread_id>("thread_id", "The root message that it will be a reply to.")};

Task<Outcome<Answer>> Create(Services& services, Actor actor, Schedule params) {
  TM_CO_TRY_ASSIGN(const WallTime at, LaterTime(services.loop.clock().WallNow(), params.at));
  TM_CO_TRY_ASSIGN(std::string text, TextToSchedule(services, params.text));
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY(Allow(params.thread_id.value() == 0 ? Action::kPost : Action::kReply, view, actor));
  TM_CO_TRY_ASSIGN(const ScheduledMessage made,
                   co_await services.store.schedule().Add({.id = {},
                                                           .room_id = params.room_id,
                                                           .user_id = actor.user.id,
                                                           .text = std::move(text),
                                                           .at = at,
                                                           .created_at = {},
                                                           .thread_id = params.thread_id,
                                                           .problem = {}}));
  TellState(services, made, "scheduled.updated");
  co_return AnswerWith("scheduled", made, 201);
}

Task<Outcome<Answer>> List(Services& services, Actor actor, NoParams) {
  TM_CO_TRY_ASSIGN(const std::vector<ScheduledMessage> all,
                   co_await services.store.schedule().ListOf(actor.user.id));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) { WriteList(json, "scheduled", all); })};
}

struct Reschedule {
  ScheduledId scheduled_id;
  std::optional<std::string> text;
  std::optional<std::int64_t> at;
};
constexpr Field<Reschedule> kReschedule[] = {
    Path<&Reschedule::scheduled_id>("scheduled_id", ""),
    Body<&Reschedule::text>("text", "Another text; without it, it stays."),
    Body<&Reschedule::at>("at", "Another time; without it, it stays.")};

Task<Outcome<Answer>> ChangeIt(Services& services, Actor actor, Reschedule params) {
  ScheduledPatch patch;
  if (params.at) {
    TM_CO_TRY_ASSIGN(patch.at, LaterTime(services.loop.clock().WallNow(), *params.at));
  }
  if (params.text) {
    TM_CO_TRY_ASSIGN(patch.text, TextToSchedule(services, *params.text));
  }
  TM_CO_TRY_ASSIGN(const ScheduledMessage changed, co_await services.store.schedule().Update(
                                                       params.scheduled_id, actor.user.id, std::move(patch)));
  TellState(services, changed, "scheduled.updated");
  co_return AnswerWith("scheduled", changed);
}

struct OfScheduled {
  ScheduledId scheduled_id;
};
constexpr Field<OfScheduled> kOfScheduled[] = {Path<&OfScheduled::scheduled_id>("scheduled_id", "")};

Task<Outcome<Answer>> Cancel(Services& services, Actor actor, OfScheduled params) {
  TM_CO_TRY(co_await services.store.schedule().Cancel(params.scheduled_id, actor.user.id));
  const std::string data =
      ObjectJson([&](JsonWriter& json) { json.Member("scheduled_id", ToText(params.scheduled_id)); });
  services.courier.PublishTo(actor.user.id, EventNow(services.loop, "scheduled.removed", {}, data));
  co_return NoContent();
}

Task<Outcome<Answer>> SendNow(Services& services, Actor actor, OfScheduled params) {
  TM_CO_TRY(TakeSend(services, actor.user.id));
  // That it is theirs, and is not being sent already. Its time is now: whatever happens to this node, it is
  // sent.
  ScheduledPatch patch;
  patch.at = services.loop.clock().WallNow();
  TM_CO_TRY(co_await services.store.schedule().Update(params.scheduled_id, actor.user.id, std::move(patch)));
  TM_CO_TRY_ASSIGN(const std::optional<Message> message,
                   co_await SendScheduled(services, params.scheduled_id, SentBy::kAuthor));
  if (!message) co_return Refuse(Code::kConflict, "it is being sent, or has been");
  co_return AnswerWith("message", *message, 201);
}

bool IsForLater(const Refusal& refusal) {
  return refusal.code == Code::kUnavailable || refusal.code == Code::kInternal ||
         refusal.code == Code::kSlowMode || refusal.code == Code::kRateLimited;
}

// As the author is now, whatever they were when they wrote it.
Task<Outcome<Sent>> SendAs(Services& services, const ScheduledMessage& message, SentBy by) {
  if (by == SentBy::kClock) TM_CO_TRY(TakeSend(services, message.user_id));
  TM_CO_TRY_ASSIGN(std::vector<User> users,
                   co_await services.store.users().Find(std::vector<std::string>{message.user_id}));
  if (users.empty()) co_return Refuse(Code::kNotFound, "there is no such user");
  co_return co_await SendText(services, {.room = message.room_id,
                                         .sender = std::move(users.front()),
                                         .thread = message.thread_id,
                                         .client_msg_id = "scheduled-" + ToText(message.id),
                                         .text = message.text,
                                         .by_clock = by == SentBy::kClock});
}

// It has its place in the room: nothing is left to do, for whoever comes first to that.
Task<Outcome<>> Finish(Services& services, const ScheduledMessage& message, const Sent& sent) {
  TM_CO_TRY_ASSIGN(const bool was_there, co_await services.store.schedule().Remove(message.id));
  if (!was_there) co_return Outcome<>();
  services.later.sent.Add();
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Member("scheduled_id", ToText(message.id));
    json.Key("message");
    Write(json, sent.message);
  });
  TellAuthor(services, message, "scheduled.sent", data);
  co_return Outcome<>();
}

}  // namespace

Task<Outcome<std::optional<Message>>> SendScheduled(Services& services, ScheduledId id, SentBy by) {
  ScheduleStore& schedule = services.store.schedule();
  TM_CO_TRY_ASSIGN(std::optional<ScheduledMessage> claimed, co_await schedule.Claim(id));
  if (!claimed) co_return std::nullopt;
  Outcome<Sent> sent = co_await SendAs(services, *claimed, by);
  if (sent) {
    TM_CO_TRY(co_await Finish(services, *claimed, *sent));
    co_return std::move(sent->message);
  }
  Refusal refusal = std::move(sent).error();
  // Where it may have been sent, it stays claimed until that is known.
  if (refusal.may_have_happened) co_return std::unexpected(std::move(refusal));
  if (!IsForLater(refusal)) claimed->problem = refusal.message;
  const Duration wait{std::max(refusal.retry_after_ms, kTryAgainAfter.ms)};
  TM_CO_TRY(co_await schedule.Release(id, claimed->problem, services.loop.clock().WallNow() + wait));
  if (!claimed->problem.empty()) {
    services.later.refused.Add();
    TellState(services, *claimed, "scheduled.failed");
  }
  co_return std::unexpected(std::move(refusal));
}

std::vector<Operation> ScheduledOperations(Services& services) {
  using enum http::Method;
  return {
      MakeOperation({.name = "scheduled.create",
                     .method = kPost,
                     .path = "/rooms/{room_id}/scheduled",
                     .effect = Effect::kChanges,
                     .summary = "Writes a message that is sent at its time, if one may then",
                     .result = kScheduledSchema,
                     .status = 201},
                    services, kSchedule, Create),
      MakeOperation({.name = "scheduled.list",
                     .method = kGet,
                     .path = "/scheduled",
                     .summary = "One's own messages that wait, by their time, and those that were refused",
                     .result = R"({"type":"object","properties":{"scheduled":{"type":"array","items":
                                  {"$ref":"#/components/schemas/Scheduled"}}}})"},
                    services, List),
      MakeOperation(
          {.name = "scheduled.update",
           .method = kPatch,
           .path = "/scheduled/{scheduled_id}",
           .effect = Effect::kChanges,
           .summary = "Another text or time; one that was refused waits again. 409: it is being sent",
           .result = kScheduledSchema},
          services, kReschedule, ChangeIt),
      MakeOperation({.name = "scheduled.cancel",
                     .method = kDelete,
                     .path = "/scheduled/{scheduled_id}",
                     .effect = Effect::kChanges,
                     .summary = "It will not be sent. 409: it is being sent",
                     .result = "",
                     .status = 204},
                    services, kOfScheduled, Cancel),
      MakeOperation(
          {.name = "scheduled.send",
           .method = kPost,
           .path = "/scheduled/{scheduled_id}/send",
           .effect = Effect::kChanges,
           .summary = "Sends it now",
           .result = R"({"type":"object","properties":{"message":{"$ref":"#/components/schemas/Message"}}})",
           .status = 201},
          services, kOfScheduled, SendNow),
  };
}

}  // namespace tidemill::chat
