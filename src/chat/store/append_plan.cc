#include "chat/store/append_plan.h"

#include <algorithm>

#include "base/sip_hash.h"
#include "base/utf8.h"
#include "chat/store/json.h"
#include "chat/store/room_work.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kClientIdBytesMax = 64;
constexpr std::size_t kUserIdBytesMax = 64;
constexpr std::int64_t kPreviewCharacters = 200;
constexpr std::size_t kReplyUsersShown = 5;

std::int64_t CharactersOf(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return !IsUtf8Continuation(c); });
}

}  // namespace

std::int64_t FlagsOf(bool has_link, const std::vector<Attachment>& attachments) {
  return (has_link ? kHasLink : 0) | (attachments.empty() ? 0 : kHasFile);
}

std::int64_t SendHash(const Send& send) {
  std::string bytes = send.text;
  bytes += '\0' + ToText(send.thread_id) + '\0' + std::string(Name(send.type));
  return static_cast<std::int64_t>(SipHash({}, bytes));
}

std::string PreviewOf(std::string_view text) {
  std::int64_t characters = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end)
    if (!IsUtf8Continuation(text[end]) && ++characters > kPreviewCharacters) break;
  return std::string(text.substr(0, end));
}

Outcome<> CheckSend(const Send& send) {
  if (send.user_id.empty()) return Refuse(Code::kInvalid, "a message needs its sender", "user_id");
  TM_TRY(CheckText(send.user_id, kUserIdBytesMax, "user_id"));
  TM_TRY(CheckText(send.client_msg_id, kClientIdBytesMax, "client_msg_id"));
  TM_TRY(CheckText(send.text, MessageStore::kTextBytesMax, "text"));
  TM_TRY(CheckText(send.metadata, MessageStore::kMetadataBytesMax, "metadata"));
  if (send.text.empty() && send.attachment_ids.empty())
    return Refuse(Code::kInvalid, "a message needs a text or an attachment", "text");
  if (send.attachment_ids.size() > MessageStore::kAttachmentsMax)
    return Refuse(Code::kTooMany, "a message has 10 attachments at most", "attachment_ids");
  if (send.mentions.user_ids.size() > MessageStore::kMentionsMax)
    return Refuse(Code::kTooMany, "a message mentions 50 people at most", "text");
  for (const std::string& user : send.mentions.user_ids) TM_TRY(CheckText(user, kUserIdBytesMax, "mentions"));
  return {};
}

void AppendPlan::Add(Send send) { sends_.push_back(Decide(send)); }

Outcome<Sent> AppendPlan::Decide(Send& send) {
  TM_TRY(CheckSend(send));
  // To those outside, a private room is not there, whatever they send.
  const bool is_outside = send.sender == Sender::kMember && !facts_.members.contains(send.user_id);
  if (is_outside && facts_.room.is_private) return Refuse(Code::kNotFound, "there is no such room");
  const std::int64_t hash = SendHash(send);
  if (auto earlier = FindEarlier(send, hash)) return *std::move(earlier);
  TM_TRY(CheckRoom(send));
  if (send.sender == Sender::kMember) TM_TRY(CheckMember(send));
  TM_TRY(CheckThread(send));
  TM_TRY_ASSIGN(std::vector<Attachment> attachments, FindAttachments(send));

  MessageRow& row = rows_.emplace_back(MakeRow(send, std::move(attachments), hash));
  const Message& message = row.message;
  for (const Attachment& attachment : message.attachments) bound_.emplace(attachment.id, message.id);
  const bool has_read = MoveMarker(row, send.by_clock);
  Sent sent{.message = message,
            .is_new = true,
            .mentioned = CountMentions(send, message),
            .thread = {},
            .has_read = has_read};
  if (message.thread_id.value() != 0) sent.thread = Reply(message, row.reply_n, send.by_clock);
  changes_.push_back({.room_id = facts_.room.id,
                      .version = message.version,
                      .type = "message.created",
                      .at = facts_.now,
                      .data = ToJsonUnder("message", message)});
  if (!message.client_msg_id.empty())
    facts_.earlier.emplace(AppendFacts::ClientKey{message.user_id, message.client_msg_id},
                           AppendFacts::Earlier{.message = message, .send_hash = hash});
  return sent;
}

std::optional<Outcome<Sent>> AppendPlan::FindEarlier(const Send& send, std::int64_t hash) const {
  if (send.client_msg_id.empty()) return std::nullopt;
  const auto found = facts_.earlier.find({send.user_id, send.client_msg_id});
  if (found == facts_.earlier.end()) return std::nullopt;
  if (found->second.send_hash != hash)
    return Refuse(Code::kConflict, "another message was sent under this client_msg_id", "client_msg_id");
  return Sent{.message = found->second.message, .is_new = false, .mentioned = {}, .thread = {}};
}

Outcome<> AppendPlan::CheckRoom(const Send& send) const {
  if (facts_.room.archived_at) return Refuse(Code::kArchived, "the room is archived; unarchive it first");
  if (send.sender == Sender::kMember && CharactersOf(send.text) > facts_.room.settings.text_max)
    return Refuse(
        Code::kTooLong,
        "a message here has " + std::to_string(facts_.room.settings.text_max) + " characters at most",
        "text");
  return {};
}

Outcome<> AppendPlan::CheckMember(const Send& send) const {
  const auto found = facts_.members.find(send.user_id);
  if (found == facts_.members.end()) {
    if (facts_.room.is_private) return Refuse(Code::kNotFound, "there is no such room");
    return Refuse(Code::kForbidden, "join the room first");
  }
  const MemberRow& member = found->second;
  const bool only_moderators = facts_.room.settings.who_can_post == WhoCanPost::kModerators;
  if (member.role == Role::kReadonly || (only_moderators && member.role < Role::kModerator))
    return Refuse(Code::kForbidden, "your role in this room does not allow posting");
  if (member.muted_until && *member.muted_until > facts_.now)
    return std::unexpected(
        RefusalUntil(Code::kMuted, "you are muted in this room", *member.muted_until, facts_.now));
  const WallTime next = member.last_sent_at + Seconds(facts_.room.settings.slow_mode_s);
  if (member.role < Role::kModerator && facts_.room.settings.slow_mode_s > 0 && next > facts_.now)
    return std::unexpected(
        RefusalUntil(Code::kSlowMode, "this room is in slow mode: wait", next, facts_.now));
  return {};
}

Outcome<> AppendPlan::CheckThread(const Send& send) const {
  if (send.thread_id.value() == 0) return {};
  const auto found = facts_.roots.find(send.thread_id);
  if (found == facts_.roots.end() || found->second.deleted_at)
    return Refuse(Code::kNotFound, "there is no such message to reply to in this room", "thread_id");
  if (!facts_.room.settings.threads) return Refuse(Code::kForbidden, "this room has no threads", "thread_id");
  return {};
}

Outcome<std::vector<Attachment>> AppendPlan::FindAttachments(const Send& send) const {
  std::vector<Attachment> attachments;
  for (const AttachmentId id : send.attachment_ids) {
    const auto found = facts_.attachments.find(id);
    const bool is_ours = found != facts_.attachments.end() && found->second.user_id == send.user_id &&
                         found->second.room_id == facts_.room.id && found->second.created_at.ms > 0;
    if (!is_ours)
      return Refuse(Code::kNotFound, "upload the attachment to this room first", "attachment_ids");
    const bool is_twice = std::ranges::any_of(attachments, [id](const Attachment& a) { return a.id == id; });
    if (found->second.message_id.value() != 0 || bound_.contains(id) || is_twice)
      return Refuse(Code::kConflict, "an attachment belongs to one message; upload it again",
                    "attachment_ids");
    attachments.push_back(found->second.attachment);
  }
  return attachments;
}

MessageRow AppendPlan::MakeRow(Send& send, std::vector<Attachment> attachments, std::int64_t hash) {
  Room& room = facts_.room;
  const bool is_root = send.type == MessageType::kText && send.thread_id.value() == 0;
  const bool mentions_room = is_root && (send.mentions.room || send.mentions.here);
  if (is_root) ++room.root_count;
  if (mentions_room) ++room.mention_count;
  MessageRow row{.message = {.id = ids_.Make<MessageId>(),
                             .room_id = room.id,
                             .seq = ++room.last_seq,
                             .user_id = send.user_id,
                             .type = send.type,
                             .text = std::move(send.text),
                             .client_msg_id = send.client_msg_id,
                             .thread_id = send.thread_id,
                             .mentions = send.mentions,
                             .attachments = std::move(attachments),
                             .created_at = facts_.now,
                             .version = ++room.version,
                             .metadata = std::move(send.metadata)},
                 .send_hash = hash,
                 .root_n = room.root_count,
                 .mention_n = room.mention_count};
  row.flags = FlagsOf(send.has_link, row.message.attachments) | (mentions_room ? kMentionsRoom : 0);
  if (is_root)
    room.last_message = LastMessage{.seq = row.message.seq,
                                    .user_id = row.message.user_id,
                                    .text = PreviewOf(row.message.text),
                                    .created_at = facts_.now};
  if (row.message.thread_id.value() != 0)
    row.reply_n = facts_.roots.at(row.message.thread_id).reply_count + 1;
  return row;
}

// Who writes has read what stands before it; who is away when it is sent, only if nothing was left to read.
bool AppendPlan::MoveMarker(const MessageRow& row, bool by_clock) {
  const auto found = facts_.members.find(row.message.user_id);
  if (found == facts_.members.end() || row.message.type != MessageType::kText) return false;
  MemberRow& member = found->second;
  member.last_sent_at = facts_.now;
  touched_.insert(member.user_id);
  if (row.message.thread_id.value() != 0) return false;
  if (by_clock && (member.read_root_n != row.root_n - 1 || member.mention_count > 0)) return false;
  member.read_seq = row.message.seq;
  member.read_root_n = row.root_n;
  member.read_mention_n = row.mention_n;
  member.mention_count = 0;
  return true;
}

// Of a root message that mentions the whole room nobody is counted twice.
std::vector<std::string> AppendPlan::CountMentions(const Send& send, const Message& message) {
  std::vector<std::string> mentioned;
  const bool is_counted_by_room =
      (send.mentions.room || send.mentions.here) && message.thread_id.value() == 0;
  if (is_counted_by_room || message.type != MessageType::kText) return mentioned;
  for (const std::string& user : send.mentions.user_ids) {
    const auto found = facts_.members.find(user);
    if (found == facts_.members.end() || user == message.user_id) continue;
    if (std::ranges::find(mentioned, user) != mentioned.end()) continue;
    ++found->second.mention_count;
    touched_.insert(user);
    mentions_.push_back({.user = user, .seq = message.seq});
    mentioned.push_back(user);
  }
  return mentioned;
}

void AppendPlan::Follow(MessageId thread, const std::string& user, const Follower& follower) {
  if (!facts_.members.contains(user)) return;
  const auto [at, is_new] = followers_.try_emplace({thread, user}, follower);
  if (!is_new && follower.is_author) at->second = follower;
}

ThreadState AppendPlan::Reply(const Message& message, std::int64_t reply_n, bool by_clock) {
  Message& root = facts_.roots.at(message.thread_id);
  root.reply_count = reply_n;
  root.last_reply_at = facts_.now;
  std::erase(root.reply_user_ids, message.user_id);
  root.reply_user_ids.insert(root.reply_user_ids.begin(), message.user_id);
  if (root.reply_user_ids.size() > kReplyUsersShown) root.reply_user_ids.resize(kReplyUsersShown);
  if (std::ranges::find(replied_, root.id) == replied_.end()) replied_.push_back(root.id);

  const Follower behind{.is_author = false, .read_seq = message.seq - 1, .read_n = reply_n - 1};
  const Follower author{.is_author = true, .read_seq = message.seq, .read_n = reply_n};
  Follow(root.id, message.user_id, by_clock ? behind : author);
  Follow(root.id, root.user_id, behind);
  for (const std::string& user : message.mentions.user_ids) Follow(root.id, user, behind);
  return {.message_id = root.id,
          .reply_count = root.reply_count,
          .last_reply_at = root.last_reply_at,
          .reply_user_ids = root.reply_user_ids};
}

void AppendPlan::Finish() {
  for (const MessageId id : replied_) {
    Message& root = facts_.roots.at(id);
    root.version = ++facts_.room.version;
    const ThreadState state{.message_id = root.id,
                            .reply_count = root.reply_count,
                            .last_reply_at = root.last_reply_at,
                            .reply_user_ids = root.reply_user_ids};
    changes_.push_back({.room_id = facts_.room.id,
                        .version = root.version,
                        .type = "thread.updated",
                        .at = facts_.now,
                        .data = ToJson(state)});
  }
}

std::vector<const MemberRow*> AppendPlan::changed_members() const {
  std::vector<const MemberRow*> members;
  for (const std::string& user : touched_) members.push_back(&facts_.members.find(user)->second);
  return members;
}

std::vector<const Message*> AppendPlan::changed_roots() const {
  std::vector<const Message*> roots;
  for (const MessageId id : replied_) roots.push_back(&facts_.roots.at(id));
  return roots;
}

}  // namespace tidemill::chat
