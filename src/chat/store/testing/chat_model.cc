#include "chat/store/testing/chat_model.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/testing/run_task.h"

namespace tidemill::chat::testing {
namespace {

template <class T>
T Must(net::Loop& loop, Task<Outcome<T>> task) {
  auto outcome = net::testing::RunTask(loop, std::move(task));
  TM_ASSERT(outcome);
  return *std::move(outcome);
}

std::string Unlike(const std::string& what, std::int64_t found, std::int64_t wanted) {
  if (found == wanted) return {};
  return what + ": " + std::to_string(found) + " found, " + std::to_string(wanted) + " wanted\n";
}

std::string DifferenceOf(const ModelMessage& wanted, const ModelRoom& room, Seq seq, const Message& found) {
  const std::string what = "message " + std::to_string(seq);
  std::string difference = Unlike(what + " seq", found.seq, seq);
  if (found.id != wanted.id || found.user_id != wanted.user || found.type != wanted.type)
    difference += what + " is another\n";
  if (found.text != (wanted.is_deleted ? "" : wanted.text))
    difference += what + " has text " + found.text + "\n";
  if (found.deleted_at.has_value() != wanted.is_deleted) difference += what + " deleted or not\n";
  if (found.is_pinned != (wanted.is_pinned && !wanted.is_deleted)) difference += what + " pinned or not\n";
  const MessageId thread = wanted.thread == 0 ? MessageId() : room.At(wanted.thread).id;
  if (found.thread_id != thread) difference += what + " is in another thread\n";
  const auto replies = std::ranges::count(room.messages, seq, &ModelMessage::thread);
  difference += Unlike(what + " replies", found.reply_count, replies);
  std::map<std::string, std::set<std::string>> reactions;
  for (const Reaction& reaction : found.reactions) {
    auto& users = reactions[reaction.emoji];
    users.insert(reaction.user_ids.begin(), reaction.user_ids.end());
    difference += Unlike(what + " reactions", reaction.count, static_cast<std::int64_t>(users.size()));
  }
  if (reactions != (wanted.is_deleted ? decltype(reactions){} : wanted.reactions))
    difference += what + " has other reactions\n";
  return difference;
}

std::string DifferenceOfMessages(net::Loop& loop, Store& store, const ModelRoom& room) {
  std::string difference;
  Seq seq = 0;
  for (bool more = true; more;) {
    const std::vector<Message> page = Must(loop, store.retention().Export(room.id, seq, 200));
    more = !page.empty();
    for (const Message& message : page) {
      if (++seq > room.last_seq()) return difference + "message " + std::to_string(seq) + " is too many\n";
      difference += DifferenceOf(room.At(seq), room, seq, message);
    }
  }
  return difference + Unlike("messages", seq, room.last_seq());
}

std::string DifferenceOfMember(net::Loop& loop, Store& store, const ModelRoom& room, const std::string& user,
                               const ModelMember& member) {
  const auto view = Must(loop, store.rooms().Find(room.id, user));
  if (!view || !view->membership) return user + " is no member\n";
  const Membership& found = *view->membership;
  std::string difference = Unlike(user + " read_seq", found.read_seq, member.read_seq);
  difference += Unlike(user + " unread", found.unread, room.UnreadOf(user));
  difference += Unlike(user + " mentions", found.mentions, room.MentionsOf(user));
  difference += Unlike(user + " role", static_cast<int>(found.role), static_cast<int>(member.role));
  std::map<MessageId, std::int64_t> threads;
  ThreadQuery query{.user = user, .limit = 100};
  do {
    const ThreadPage page = Must(loop, store.threads().List(query));
    for (const FollowedThread& thread : page.threads)
      if (thread.root.room_id == room.id) threads.emplace(thread.root.id, thread.unread);
    query.cursor = page.cursor;
  } while (!query.cursor.empty());
  std::int64_t followed = 0;
  for (const auto& [key, follower] : room.followers) {
    if (key.second != user || !follower.is_following) continue;
    if (std::ranges::count(room.messages, key.first, &ModelMessage::thread) == 0) continue;
    ++followed;
    const auto thread = threads.find(room.At(key.first).id);
    if (thread == threads.end()) {
      difference += user + " does not follow " + std::to_string(key.first) + "\n";
    } else {
      difference += Unlike(user + " unread in thread " + std::to_string(key.first), thread->second,
                           room.UnreadRepliesOf(key.first, user));
    }
  }
  return difference + Unlike(user + " threads", static_cast<std::int64_t>(threads.size()), followed);
}

std::string DifferenceOfChanges(net::Loop& loop, Store& store, const ModelRoom& room) {
  Version after = std::max<Version>(0, room.version - ChangeStore::kKept);
  for (bool more = true; more;) {
    const ChangePage page = Must(loop, store.changes().ListAfter(room.id, after, 500));
    if (page.reset) return "changes are missing\n";
    for (const Change& change : page.changes)
      if (change.version != ++after) return "change " + std::to_string(after) + " is missing\n";
    more = page.has_more;
  }
  return Unlike("changes", after, room.version);
}

}  // namespace

void ModelRoom::Add(ModelMessage message) {
  const Seq seq = last_seq() + 1;
  for (const std::string& user : message.mentions.user_ids) {
    const bool by_room = message.is_root() && (message.mentions.room || message.mentions.here);
    if (members.contains(user) && user != message.user && !by_room) message.counted.insert(user);
  }
  if (message.is_root() && members.contains(message.user)) members[message.user].read_seq = seq;
  if (message.thread > 0) {
    std::vector<std::string> others = message.mentions.user_ids;
    others.push_back(At(message.thread).user);
    for (const std::string& user : others)
      if (members.contains(user))
        followers.try_emplace({message.thread, user},
                              ModelFollower{.is_following = true, .read_seq = seq - 1});
    if (members.contains(message.user))
      followers[{message.thread, message.user}] = {.is_following = true, .read_seq = seq};
  }
  messages.push_back(std::move(message));
}

void ModelRoom::Remove(const std::string& user) {
  members.erase(user);
  std::erase_if(followers, [&user](const auto& entry) { return entry.first.second == user; });
}

std::int64_t ModelRoom::UnreadOf(const std::string& user) const {
  std::int64_t unread = 0;
  for (Seq seq = members.at(user).read_seq + 1; seq <= last_seq(); ++seq) unread += At(seq).is_root() ? 1 : 0;
  return unread;
}

std::int64_t ModelRoom::MentionsOf(const std::string& user) const {
  const ModelMember& member = members.at(user);
  std::int64_t mentions = 0;
  for (Seq seq = member.read_seq + 1; seq <= last_seq(); ++seq) {
    const ModelMessage& message = At(seq);
    const bool by_room = message.is_root() && (message.mentions.room || message.mentions.here);
    const bool by_name = message.counted.contains(user) && !message.is_deleted && seq > member.joined_at_seq;
    mentions += by_room || by_name ? 1 : 0;
  }
  return mentions;
}

std::int64_t ModelRoom::UnreadRepliesOf(Seq thread, const std::string& user) const {
  const ModelFollower& follower = followers.at({thread, user});
  std::int64_t unread = 0;
  for (Seq seq = follower.read_seq + 1; seq <= last_seq(); ++seq) unread += At(seq).thread == thread ? 1 : 0;
  return unread;
}

std::string DifferenceOf(net::Loop& loop, Store& store, const ModelRoom& room) {
  const auto view = Must(loop, store.rooms().Find(room.id, ""));
  if (!view) return "the room is not there\n";
  std::string difference = Unlike("last_seq", view->room.last_seq, room.last_seq());
  difference += Unlike("version", view->room.version, room.version);
  difference +=
      Unlike("member_count", view->room.member_count, static_cast<std::int64_t>(room.members.size()));
  difference += Unlike("root_count", view->room.root_count,
                       std::ranges::count_if(room.messages, &ModelMessage::is_root));
  difference += DifferenceOfMessages(loop, store, room);
  difference += DifferenceOfChanges(loop, store, room);
  const auto ids = Must(loop, store.rooms().ListMemberIds(room.id, "", 1'000));
  difference += Unlike("members", static_cast<std::int64_t>(ids.size()),
                       static_cast<std::int64_t>(room.members.size()));
  for (const auto& [user, member] : room.members)
    difference += DifferenceOfMember(loop, store, room, user, member);
  return difference;
}

}  // namespace tidemill::chat::testing
