#include "chat/operations/threads.h"

#include <utility>

#include "chat/delivery/channels.h"
#include "chat/operations/answers.h"
#include "chat/operations/pages.h"
#include "chat/operations/sight.h"

namespace tidemill::chat {

// Found by its type where lists are written.
static void Write(JsonWriter& json, const FollowedThread& thread) {
  json.BeginObject();
  json.Key("message");
  Write(json, thread.root);
  json.Member("read_seq", thread.read_seq);
  json.Member("unread", thread.unread);
  json.EndObject();
}

namespace {

struct ListReplies {
  MessageId message_id;
  std::optional<std::int64_t> before;
  std::optional<std::int64_t> after;
  std::optional<std::int64_t> limit;
};
constexpr Field<ListReplies> kListReplies[] = {
    Path<&ListReplies::message_id>("message_id", "The root of the thread."),
    Query<&ListReplies::before>("before", "Those in front of this seq."),
    Query<&ListReplies::after>("after", "Those behind this seq."),
    Query<&ListReplies::limit>("limit", "1 to 100; 50.")};

Task<Outcome<Answer>> Replies(Services& services, Actor actor, ListReplies params) {
  TM_CO_TRY_ASSIGN(const std::size_t limit, LimitOf(params.limit, 50, 100));
  if (params.before && params.after) {
    co_return Refuse(Code::kInvalid, "at most one of before and after", "before");
  }
  TM_CO_TRY_ASSIGN(const SeenMessage seen,
                   co_await SeeMessage(services, params.message_id, std::move(actor)));
  TM_CO_TRY_ASSIGN(StreamAt stream, co_await PositionOf(services, RoomChannel(seen.view.room.id)));
  TM_CO_TRY_ASSIGN(
      MessagePage page,
      co_await services.store.messages().ListReplies(
          {.thread = params.message_id, .before = params.before, .after = params.after, .limit = limit}));
  co_return co_await AnswerPage(services, std::move(page), std::move(stream));
}

struct ListThreads {
  std::optional<bool> unread;
  std::string cursor;
  std::optional<std::int64_t> limit;
};
constexpr Field<ListThreads> kListThreads[] = {
    Query<&ListThreads::unread>("unread", "1: those with unread replies alone."),
    Query<&ListThreads::cursor>("cursor", "Of the page before."),
    Query<&ListThreads::limit>("limit", "1 to 100; 25.")};

Task<Outcome<Answer>> Threads(Services& services, Actor actor, ListThreads params) {
  TM_CO_TRY_ASSIGN(const std::size_t limit, LimitOf(params.limit, 25, 100));
  TM_CO_TRY_ASSIGN(const ThreadPage page,
                   co_await services.store.threads().List({.user = actor.user.id,
                                                           .unread_only = params.unread.value_or(false),
                                                           .cursor = std::move(params.cursor),
                                                           .limit = limit}));
  co_return Answer{.json = ObjectJson([&](JsonWriter& json) {
                     WriteList(json, "threads", page.threads);
                     WriteCursor(json, page.cursor);
                   })};
}

struct OfThread {
  MessageId message_id;
};
constexpr Field<OfThread> kOfThread[] = {
    Path<&OfThread::message_id>("message_id", "The root of the thread.")};

Answer Following(bool follows) {
  return {.json = ObjectJson([&](JsonWriter& json) { json.Member("following", follows); })};
}

Task<Outcome<Answer>> Follow(Services& services, Actor actor, OfThread params) {
  TM_CO_TRY_ASSIGN(const SeenMessage seen, co_await SeeMessage(services, params.message_id, actor));
  TM_CO_TRY(Allow(Action::kMark, seen.view, actor));
  TM_CO_TRY(co_await services.store.threads().Follow(actor.user.id, params.message_id));
  co_return Following(true);
}

Task<Outcome<Answer>> Unfollow(Services& services, Actor actor, OfThread params) {
  TM_CO_TRY_ASSIGN(const SeenMessage seen, co_await SeeMessage(services, params.message_id, actor));
  TM_CO_TRY(Allow(Action::kMark, seen.view, actor));
  TM_CO_TRY(co_await services.store.threads().Unfollow(actor.user.id, params.message_id));
  co_return Following(false);
}

struct ReadThread {
  MessageId message_id;
  std::int64_t seq = 0;
};
constexpr Field<ReadThread> kReadThread[] = {
    Path<&ReadThread::message_id>("message_id", "The root of the thread."),
    Needed<&ReadThread::seq>("seq", "Of the last reply that was seen; only forward.")};

Task<Outcome<Answer>> MarkThread(Services& services, Actor actor, ReadThread params) {
  TM_CO_TRY(co_await SeeMessage(services, params.message_id, actor));
  TM_CO_TRY_ASSIGN(const FollowedThread thread,
                   co_await services.store.threads().MarkRead(actor.user.id, params.message_id, params.seq));
  co_return AnswerWith("thread", thread);
}

constexpr std::string_view kFollowingSchema =
    R"({"type":"object","properties":{"following":{"type":"boolean"}}})";

}  // namespace

std::vector<Operation> ThreadOperations(Services& services) {
  using enum http::Method;
  return {
      MakeOperation({.name = "replies.list",
                     .method = kGet,
                     .path = "/messages/{message_id}/replies",
                     .summary = "The replies of a thread, ascending",
                     .result = R"({"type":"object","properties":{"messages":{"type":"array","items":
                                  {"$ref":"#/components/schemas/Message"}}}})"},
                    services, kListReplies, Replies),
      MakeOperation({.name = "threads.list",
                     .method = kGet,
                     .path = "/threads",
                     .summary = "Threads that one follows, the latest reply first",
                     .result = R"({"type":"object","properties":{"threads":{"type":"array"},
                                  "cursor":{"type":["string","null"]}}})"},
                    services, kListThreads, Threads),
      MakeOperation({.name = "threads.follow",
                     .method = kPut,
                     .path = "/messages/{message_id}/follow",
                     .effect = Effect::kChanges,
                     .summary = "Follows a thread",
                     .result = kFollowingSchema},
                    services, kOfThread, Follow),
      MakeOperation({.name = "threads.unfollow",
                     .method = kDelete,
                     .path = "/messages/{message_id}/follow",
                     .effect = Effect::kChanges,
                     .summary = "Follows it no more",
                     .result = kFollowingSchema},
                    services, kOfThread, Unfollow),
      MakeOperation({.name = "threads.read",
                     .method = kPost,
                     .path = "/messages/{message_id}/read",
                     .effect = Effect::kChanges,
                     .summary = "Has read a thread up to a reply",
                     .result = R"({"type":"object","properties":{"thread":{"type":"object"}}})"},
                    services, kReadThread, MarkThread),
  };
}

}  // namespace tidemill::chat
