#include "chat/operations/reminders.h"

#include <utility>

#include "chat/delivery/event.h"
#include "chat/operations/answers.h"
#include "chat/operations/sight.h"

namespace tidemill::chat {
namespace {

struct ReminderView {
  Reminder reminder;
  std::optional<Message> message;  // nullopt: its user does not see it any more
};

void Write(JsonWriter& json, const ReminderView& view) {
  const Reminder& reminder = view.reminder;
  json.BeginObject();
  json.Member("id", ToText(reminder.id));
  json.Member("room_id", ToText(reminder.room_id));
  json.Member("message_id", ToText(reminder.message_id));
  json.Member("note", reminder.note);
  json.Member("at", reminder.at.ms);
  json.Member("created_at", reminder.created_at.ms);
  json.Key("told_at");
  reminder.told_at ? json.Integer(reminder.told_at->ms) : json.Null();
  json.Key("message");
  if (view.message) {
    chat::Write(json, *view.message);
  } else {
    json.Null();
  }
  json.EndObject();
}

// What its user sees of it now.
Task<Outcome<ReminderView>> ViewOf(Services& services, Actor actor, Reminder reminder) {
  ReminderView view{.reminder = std::move(reminder), .message = std::nullopt};
  Outcome<SeenMessage> seen = co_await SeeMessage(services, view.reminder.message_id, std::move(actor));
  if (seen) {
    view.message = std::move(seen->message);
  } else if (seen.error().code == Code::kUnavailable) {
    co_return std::unexpected(std::move(seen).error());
  }
  co_return view;
}

void TellOf(Services& services, const ReminderView& view, std::string_view type) {
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Key("reminder");
    Write(json, view);
  });
  services.courier.PublishTo(view.reminder.user_id,
                             EventNow(services.loop, type, view.reminder.room_id, data));
}

struct Remind {
  MessageId message_id;
  std::int64_t at = 0;
  std::string note;
};
constexpr Field<Remind> kRemind[] = {Path<&Remind::message_id>("message_id", ""),
                                     Needed<&Remind::at>("at", "When, in ms since 1970: within a year."),
                                     Body<&Remind::note>("note", "For oneself, at most 250 characters.")};

Task<Outcome<Answer>> Create(Services& services, Actor actor, Remind params) {
  TM_CO_TRY_ASSIGN(const WallTime at, LaterTime(services.loop.clock().WallNow(), params.at));
  TM_CO_TRY(CheckedText(CheckLine(params.note, kTopicCharactersMax), "note"));
  TM_CO_TRY_ASSIGN(SeenMessage seen, co_await SeeMessage(services, params.message_id, actor));
  TM_CO_TRY_ASSIGN(Reminder made, co_await services.store.reminders().Add({.id = {},
                                                                           .user_id = actor.user.id,
                                                                           .room_id = seen.message.room_id,
                                                                           .message_id = params.message_id,
                                                                           .note = std::move(params.note),
                                                                           .at = at,
                                                                           .created_at = {},
                                                                           .told_at = std::nullopt}));
  const ReminderView view{.reminder = std::move(made), .message = std::move(seen.message)};
  TellOf(services, view, "reminder.created");
  co_return AnswerWith("reminder", view, 201);
}

Task<Outcome<Answer>> List(Services& services, Actor actor, NoParams) {
  TM_CO_TRY_ASSIGN(std::vector<Reminder> all, co_await services.store.reminders().ListOf(actor.user.id));
  std::vector<ReminderView> views;
  for (Reminder& each : all) {
    TM_CO_TRY_ASSIGN(ReminderView view, co_await ViewOf(services, actor, std::move(each)));
    views.push_back(std::move(view));
  }
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) { WriteList(json, "reminders", views); })};
}

struct OfReminder {
  ReminderId reminder_id;
};
constexpr Field<OfReminder> kOfReminder[] = {Path<&OfReminder::reminder_id>("reminder_id", "")};

Task<Outcome<Answer>> Remove(Services& services, Actor actor, OfReminder params) {
  TM_CO_TRY(co_await services.store.reminders().Remove(params.reminder_id, actor.user.id));
  const std::string data =
      ObjectJson([&](JsonWriter& json) { json.Member("reminder_id", ToText(params.reminder_id)); });
  services.courier.PublishTo(actor.user.id, EventNow(services.loop, "reminder.removed", {}, data));
  co_return NoContent();
}

}  // namespace

Task<Outcome<>> TellReminder(Services& services, Reminder reminder) {
  TM_CO_TRY_ASSIGN(std::vector<User> users,
                   co_await services.store.users().Find(std::vector<std::string>{reminder.user_id}));
  Actor actor;
  if (!users.empty()) actor.user = std::move(users.front());
  TM_CO_TRY_ASSIGN(ReminderView view, co_await ViewOf(services, std::move(actor), std::move(reminder)));
  const WallTime now = services.loop.clock().WallNow();
  TM_CO_TRY_ASSIGN(const bool is_first, co_await services.store.reminders().SetTold(view.reminder.id, now));
  if (!is_first) co_return Outcome<>();
  view.reminder.told_at = now;
  services.later.reminders.Add();
  TellOf(services, view, "reminder.due");
  co_return Outcome<>();
}

std::vector<Operation> ReminderOperations(Services& services) {
  using enum http::Method;
  constexpr std::string_view kReminderSchema =
      R"({"type":"object","properties":{"reminder":{"$ref":"#/components/schemas/Reminder"}}})";
  return {
      MakeOperation({.name = "reminders.create",
                     .method = kPost,
                     .path = "/messages/{message_id}/reminders",
                     .effect = Effect::kChanges,
                     .summary = "Has oneself reminded of a message",
                     .result = kReminderSchema,
                     .status = 201},
                    services, kRemind, Create),
      MakeOperation(
          {.name = "reminders.list",
           .method = kGet,
           .path = "/reminders",
           .summary = "One's own reminders, by their time; those that were told stay until they are "
                      "removed",
           .result = R"({"type":"object","properties":{"reminders":{"type":"array","items":
                                  {"$ref":"#/components/schemas/Reminder"}}}})"},
          services, List),
      MakeOperation({.name = "reminders.remove",
                     .method = kDelete,
                     .path = "/reminders/{reminder_id}",
                     .effect = Effect::kChanges,
                     .summary = "Takes a reminder away",
                     .result = "",
                     .status = 204},
                    services, kOfReminder, Remove),
  };
}

}  // namespace tidemill::chat
