#include "chat/operations/messages.h"

#include <utility>

#include "chat/delivery/channels.h"
#include "chat/operations/answers.h"
#include "chat/operations/applied.h"
#include "chat/operations/commands.h"
#include "chat/operations/pages.h"
#include "chat/operations/sight.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kMessageSchema =
    R"({"type":"object","properties":{"message":{"$ref":"#/components/schemas/Message"}}})";

// messages.send

struct SendMessage {
  RoomId room_id;
  std::string text;
  std::string client_msg_id;
  MessageId thread_id;
  std::vector<std::string> attachment_ids;
  std::optional<RawObject> metadata;
};
constexpr Field<SendMessage> kSendMessage[] = {
    Path<&SendMessage::room_id>("room_id", ""),
    Body<&SendMessage::text>("text", "Markdown, or a command: /me, /topic, /invite, /leave, /shrug."),
    Body<&SendMessage::client_msg_id>(
        "client_msg_id",
        "At most 64 bytes, made by the client: what is sent again under the same id "
        "is there once. The header Idempotency-Key is the same."),
    Body<&SendMessage::thread_id>("thread_id", "The root message that this is a reply to."),
    Body<&SendMessage::attachment_ids>("attachment_ids", "Of files that were uploaded; at most 10."),
    Body<&SendMessage::metadata>("metadata", "Kept with the message as it is; at most 16 KiB.")};

Outcome<std::vector<AttachmentId>> AttachmentsOf(const std::vector<std::string>& texts) {
  std::vector<AttachmentId> ids;
  for (const std::string& text : texts) {
    const auto id = ParseId<AttachmentId>(text);
    if (!id) return Refuse(Code::kInvalid, "this is no id: " + text.substr(0, 64), "attachment_ids");
    ids.push_back(*id);
  }
  if (ids.size() > MessageStore::kAttachmentsMax) {
    return Refuse(Code::kInvalid, "at most 10 attachments", "attachment_ids");
  }
  return ids;
}

Outcome<std::string> MetadataOf(const std::optional<RawObject>& metadata) {
  if (!metadata) return "";
  if (metadata->text.size() > MessageStore::kMetadataBytesMax) {
    return Refuse(Code::kTooLong, "metadata has at most 16 KiB", "metadata");
  }
  if (metadata->text.contains("\\u0000")) {
    return Refuse(Code::kInvalid, "metadata without the character 0", "metadata");
  }
  return metadata->text;
}

Outcome<Send> SendOf(const Actor& actor, const SendMessage& params, std::string text) {
  if (params.client_msg_id.size() > kClientMessageIdBytesMax) {
    return Refuse(Code::kTooLong, "client_msg_id has at most 64 bytes", "client_msg_id");
  }
  TM_TRY_ASSIGN(std::vector<AttachmentId> attachments, AttachmentsOf(params.attachment_ids));
  TM_TRY_ASSIGN(std::string metadata, MetadataOf(params.metadata));
  const bool has_link = HasLink(text);
  return Send{.user_id = actor.user.id,
              .client_msg_id = params.client_msg_id,
              .text = std::move(text),
              .thread_id = params.thread_id,
              .mentions = {},
              .attachment_ids = std::move(attachments),
              .metadata = std::move(metadata),
              .has_link = has_link};
}

// Of a send that the store has refused, in the words of whoever sees the room.
Task<Outcome<Answer>> Explain(Services& services, Actor actor, SendMessage params, Refusal refusal) {
  const bool of_access =
      refusal.code == Code::kForbidden || refusal.code == Code::kNotFound || refusal.code == Code::kArchived;
  if (!of_access) co_return std::unexpected(std::move(refusal));
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY(Allow(params.thread_id.value() != 0 ? Action::kReply : Action::kPost, view, actor));
  co_return std::unexpected(std::move(refusal));
}

Task<Outcome<Answer>> SendIt(Services& services, Actor actor, SendMessage params) {
  TM_CO_TRY(TakeSend(services, actor.user.id));
  std::string text(WithoutEscape(params.text));
  auto command = ParseCommand(params.text);
  if (!command) co_return Refuse(Code::kInvalid, command.error(), "text");
  if (*command) {
    std::optional<std::string> instead = TextOf(**command);
    if (!instead) {
      co_return co_await RunCommand(services, std::move(actor), params.room_id, **std::move(command));
    }
    text = *std::move(instead);
  }
  const bool may_be_empty = text.empty() && !params.attachment_ids.empty();
  if (!may_be_empty) TM_CO_TRY(CheckMessageText(services.settings, text));
  TM_CO_TRY_ASSIGN(Send send, SendOf(actor, params, std::move(text)));
  TM_CO_TRY_ASSIGN(send.mentions, co_await MentionsOf(services, send.text));
  Outcome<Sent> sent = co_await services.rooms.Send(services.loop, params.room_id, std::move(send));
  if (sent) co_return AnswerWith("message", sent->message, sent->is_new ? 201 : 200);
  co_return co_await Explain(services, std::move(actor), std::move(params), std::move(sent).error());
}

// messages.list

struct ListMessages {
  RoomId room_id;
  std::optional<std::int64_t> before;
  std::optional<std::int64_t> after;
  std::optional<SeqOrWord> around;
  std::optional<std::int64_t> limit;
};
constexpr Field<ListMessages> kListMessages[] = {
    Path<&ListMessages::room_id>("room_id", ""),
    Query<&ListMessages::before>("before",
                                 "Those in front of this seq; at most one of before, after, around."),
    Query<&ListMessages::after>("after", "Those behind this seq."),
    Query<&ListMessages::around>("around", "Half of them up to this seq; or read: one's own read marker."),
    Query<&ListMessages::limit>("limit", "1 to 100; 50.")};

Outcome<std::optional<Seq>> AroundOf(const std::optional<SeqOrWord>& around, const RoomView& view) {
  if (!around) return std::nullopt;
  if (around->seq) return around->seq;
  if (around->word != "read") return Refuse(Code::kInvalid, "around must be a seq, or read", "around");
  return view.membership ? view.membership->read_seq : view.room.last_seq;
}

Task<Outcome<Answer>> ListThem(Services& services, Actor actor, ListMessages params) {
  TM_CO_TRY_ASSIGN(const std::size_t limit, LimitOf(params.limit, 50, 100));
  if (params.before.has_value() + params.after.has_value() + params.around.has_value() > 1) {
    co_return Refuse(Code::kInvalid, "at most one of before, after and around", "before");
  }
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, params.room_id, actor));
  TM_CO_TRY_ASSIGN(const std::optional<Seq> around, AroundOf(params.around, view));
  TM_CO_TRY_ASSIGN(StreamAt stream, co_await PositionOf(services, RoomChannel(params.room_id)));
  TM_CO_TRY_ASSIGN(MessagePage page, co_await services.store.messages().List({.room = params.room_id,
                                                                              .before = params.before,
                                                                              .after = params.after,
                                                                              .around = around,
                                                                              .limit = limit}));
  co_return co_await AnswerPage(services, std::move(page), std::move(stream));
}

// The others

struct OfMessage {
  MessageId message_id;
};
constexpr Field<OfMessage> kOfMessage[] = {Path<&OfMessage::message_id>("message_id", "")};

Task<Outcome<Answer>> GetIt(Services& services, Actor actor, OfMessage params) {
  TM_CO_TRY_ASSIGN(const SeenMessage seen,
                   co_await SeeMessage(services, params.message_id, std::move(actor)));
  co_return AnswerWith("message", seen.message);
}

struct EditMessage {
  MessageId message_id;
  std::string text;
};
constexpr Field<EditMessage> kEditMessage[] = {Path<&EditMessage::message_id>("message_id", ""),
                                               Needed<&EditMessage::text>("text", "Markdown.")};

Task<Outcome<Answer>> EditIt(Services& services, Actor actor, EditMessage params) {
  TM_CO_TRY(CheckMessageText(services.settings, params.text));
  TM_CO_TRY_ASSIGN(const SeenMessage seen, co_await SeeMessage(services, params.message_id, actor));
  TM_CO_TRY_ASSIGN(const Acting acting, Allow(Action::kEditOwn, seen.view, actor));
  if (seen.message.user_id != actor.user.id) {
    co_return Refuse(Code::kForbidden, "only its author may edit a message");
  }
  TM_CO_TRY_ASSIGN(Mentions mentions, co_await MentionsOf(services, params.text));
  const TextChange change{
      .text = params.text, .mentions = std::move(mentions), .has_link = HasLink(params.text)};
  const MessageId id = params.message_id;
  StoreWrite<Message> write = [acting, id, change](Store& store) {
    return store.messages().EditText(acting, id, change);
  };
  TM_CO_TRY_ASSIGN(const Message message, co_await services.rooms.Write(services.loop, seen.view.room.id,
                                                                        Applied(std::move(write))));
  co_return AnswerWith("message", message);
}

Task<Outcome<Answer>> DeleteMessage(Services& services, Actor actor, OfMessage params) {
  TM_CO_TRY_ASSIGN(const SeenMessage seen, co_await SeeMessage(services, params.message_id, actor));
  const bool is_own = seen.message.user_id == actor.user.id;
  TM_CO_TRY_ASSIGN(const Acting acting,
                   Allow(is_own ? Action::kDeleteOwn : Action::kDeleteOther, seen.view, actor));
  const MessageId id = params.message_id;
  StoreWrite<Message> write = [acting, id](Store& store) { return store.messages().Delete(acting, id); };
  TM_CO_TRY_ASSIGN(const Message message, co_await services.rooms.Write(services.loop, seen.view.room.id,
                                                                        Applied(std::move(write))));
  co_return AnswerWith("message", message);
}

Task<Outcome<Answer>> ListEdits(Services& services, Actor actor, OfMessage params) {
  TM_CO_TRY(co_await SeeMessage(services, params.message_id, std::move(actor)));
  TM_CO_TRY_ASSIGN(const std::vector<Edit> edits,
                   co_await services.store.messages().ListEdits(params.message_id));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     json.Key("edits");
                     json.BeginArray();
                     for (const Edit& each : edits) {
                       json.BeginObject();
                       json.Member("number", each.number);
                       json.Member("text", each.text);
                       json.Member("at", each.at.ms);
                       json.Member("user_id", each.user_id);
                       json.EndObject();
                     }
                     json.EndArray();
                   })};
}

}  // namespace

bool HasLink(std::string_view text) { return text.contains("http://") || text.contains("https://"); }

Outcome<> CheckMessageText(const ChatSettings& settings, std::string_view text) {
  const TextLimits limits{.characters_max = settings.text_max, .bytes_max = MessageStore::kTextBytesMax};
  return CheckedText(CheckText(text, limits), "text");
}

Outcome<> TakeSend(Services& services, const std::string& user) {
  const auto wait = services.rates.Take(user, UserRates::Kind::kSend, services.loop.Now());
  if (!wait) return {};
  return std::unexpected(Refusal{.code = Code::kRateLimited,
                                 .message = "too many messages: wait a moment",
                                 .field = "",
                                 .retry_after_ms = wait->ms});
}

Task<Outcome<Sent>> SendText(Services& services, TextToSend text) {
  const Actor actor{.user = std::move(text.sender)};
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services, text.room, actor));
  TM_CO_TRY(Allow(text.thread.value() != 0 ? Action::kReply : Action::kPost, view, actor));
  Send send{.user_id = actor.user.id,
            .client_msg_id = std::move(text.client_msg_id),
            .text = std::move(text.text),
            .thread_id = text.thread,
            .mentions = {},
            .attachment_ids = {},
            .metadata = {},
            .has_link = false,
            .by_clock = text.by_clock};
  send.has_link = HasLink(send.text);
  TM_CO_TRY_ASSIGN(send.mentions, co_await MentionsOf(services, send.text));
  co_return co_await services.rooms.Send(services.loop, text.room, std::move(send));
}

std::vector<Operation> MessageOperations(Services& services) {
  using enum http::Method;
  return {
      MakeOperation({.name = "messages.send",
                     .method = kPost,
                     .path = "/rooms/{room_id}/messages",
                     .effect = Effect::kChanges,
                     .summary = "Sends a message: 201, or 200 for one that was sent before under its id",
                     .result = kMessageSchema,
                     .status = 201,
                     .idempotency_field = "client_msg_id"},
                    services, kSendMessage, SendIt),
      MakeOperation(
          {.name = "messages.list",
           .method = kGet,
           .path = "/rooms/{room_id}/messages",
           .summary = "Messages that are no replies, ascending, with the position of the room's channel",
           .result = R"({"type":"object","properties":{"messages":{"type":"array","items":
                                  {"$ref":"#/components/schemas/Message"}},"users":{"type":"array","items":
                                  {"$ref":"#/components/schemas/User"}},"has_more_before":{"type":"boolean"},
                                  "has_more_after":{"type":"boolean"},"version":{"type":"integer"},
                                  "stream":{"type":"object"}}})"},
          services, kListMessages, ListThem),
      MakeOperation({.name = "messages.get",
                     .method = kGet,
                     .path = "/messages/{message_id}",
                     .summary = "One message",
                     .result = kMessageSchema},
                    services, kOfMessage, GetIt),
      MakeOperation({.name = "messages.edit",
                     .method = kPatch,
                     .path = "/messages/{message_id}",
                     .effect = Effect::kChanges,
                     .summary = "Gives one's own message another text",
                     .result = kMessageSchema},
                    services, kEditMessage, EditIt),
      MakeOperation({.name = "messages.delete",
                     .method = kDelete,
                     .path = "/messages/{message_id}",
                     .effect = Effect::kChanges,
                     .summary = "Deletes a message; it keeps its place, without a text",
                     .result = kMessageSchema},
                    services, kOfMessage, DeleteMessage),
      MakeOperation({.name = "messages.history",
                     .method = kGet,
                     .path = "/messages/{message_id}/history",
                     .summary = "The texts that a message had before, the oldest first",
                     .result = R"({"type":"object","properties":{"edits":{"type":"array"}}})"},
                    services, kOfMessage, ListEdits),
  };
}

}  // namespace tidemill::chat
