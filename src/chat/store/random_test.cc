// Thousands of random writes by many users to some rooms, some of which fail on
// the way, beside a plain model: numbers have no gaps, counts are what a fresh
// count gives, and what was refused has left nothing.
#include <gtest/gtest.h>

#include <algorithm>

#include "chat/store/testing/chat_model.h"
#include "chat/store/testing/failing_database.h"
#include "chat/store/testing/fixture.h"

namespace tidemill::chat {
namespace {

using testing::FailingDatabase;
using testing::ModelMessage;
using testing::ModelRoom;
using Fault = FailingDatabase::Fault;

constexpr int kOperations = 5'000;
constexpr int kUsers = 20;
constexpr int kRooms = 5;
constexpr int kCompareEvery = 500;

class RandomTest : public testing::ChatStoreTest {
 protected:
  RandomTest() : failing_(database()), failing_store_(MakeSqlStore(loop(), failing_, clock(), {})) {
    std::vector<std::string> users;
    for (int i = 0; i < kUsers; ++i) users.push_back("u" + std::to_string(i));
    AddUsers(users);
    for (int i = 0; i < kRooms; ++i) {
      ModelRoom room{.id = MakeRoom("room" + std::to_string(i), {"u0", "u1"})};
      room.members["u0"].role = Role::kOwner;
      room.members["u1"];
      rooms_.push_back(std::move(room));
    }
  }

  // https://prng.di.unimi.it/splitmix64.c
  std::uint64_t Below(std::uint64_t bound) {
    std::uint64_t mixed = (random_ += 0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return (mixed ^ (mixed >> 31)) % bound;
  }
  std::string AnyUser() { return "u" + std::to_string(Below(kUsers)); }
  Seq AnySeq(const ModelRoom& room) {
    return static_cast<Seq>(1 + Below(static_cast<std::uint64_t>(room.last_seq())));
  }

  // Runs a write on a database that may fail on the way. nullopt: it was
  // refused because of that.
  template <class T>
  std::optional<Outcome<T>> Try(Task<Outcome<T>> task) {
    if (Below(8) == 0)
      failing_.FailAt(Below(12), Below(2) == 0 ? Fault::kSerialization : Fault::kUnavailable);
    Outcome<T> outcome = Await(std::move(task));
    failing_.Heal();
    if (!outcome && outcome.error().code == Code::kUnavailable) {
      ++refused_;
      return std::nullopt;
    }
    return outcome;
  }
  // A write with changes: they are numbered behind the room's version.
  template <class T>
  bool Changes(ModelRoom& room, Task<Outcome<Changed<T>>> task) {
    const auto outcome = Try(std::move(task));
    if (!outcome || !*outcome) return false;
    for (const Change& change : (*outcome)->changes) EXPECT_EQ(change.version, ++room.version);
    return !(*outcome)->changes.empty();
  }

  void SendSome(ModelRoom& room);
  void TakeIn(ModelRoom& room, const std::vector<Send>& sends, Appended& appended);
  void ChangeOne(ModelRoom& room);
  void Mark(ModelRoom& room);
  void ChangeMembers(ModelRoom& room);
  void FollowOne(ModelRoom& room);

  FailingDatabase failing_;
  std::unique_ptr<Store> failing_store_;
  std::vector<ModelRoom> rooms_;
  std::map<std::pair<std::int64_t, std::string>, Send> sent_;  // by room and client_msg_id
  std::uint64_t random_ = 20'261'128;
  int next_client_id_ = 0;
  int refused_ = 0;
  int duplicates_ = 0;
  int lost_answers_ = 0;
};

void RandomTest::SendSome(ModelRoom& room) {
  std::vector<Send> sends;
  for (std::uint64_t i = 0; i <= Below(4); ++i) {
    if (!sent_.empty() && Below(6) == 0) {  // once more, or another text under the same id
      auto again = sent_.lower_bound({room.id.value(), "c" + std::to_string(Below(1'000))});
      if (again == sent_.end() || again->first.first != room.id.value()) continue;
      sends.push_back(again->second);
      if (Below(4) == 0) sends.back().text += " changed";
      continue;
    }
    Send send{.user_id = AnyUser(), .client_msg_id = "c" + std::to_string(next_client_id_++)};
    send.text = "text " + std::to_string(Below(100));
    if (Below(8) == 0) send.text.clear();  // refused
    if (Below(10) == 0) {
      send.sender = Sender::kServer;
      send.type = MessageType::kSystem;
    } else if (Below(3) == 0 && room.last_seq() > 0) {
      const Seq seq = AnySeq(room);
      send.thread_id = room.At(seq).id;  // refused where that is a reply, or deleted
    }
    if (Below(3) == 0 && send.type == MessageType::kText)
      send.mentions = {.user_ids = {AnyUser(), AnyUser()}, .room = Below(6) == 0, .here = Below(9) == 0};
    sends.push_back(std::move(send));
  }
  if (Below(25) == 0) {  // whoever has no answer sends again
    failing_.FailAt(0, Fault::kAnswerLost);
    const auto lost = Await(failing_store_->messages().Append(room.id, sends));
    failing_.Heal();
    ASSERT_FALSE(lost);
    EXPECT_TRUE(lost.error().may_have_happened);
    ++lost_answers_;
    const Version before = room.version;
    for (const Change& change : Must(store().changes().ListAfter(room.id, before, 500)).changes)
      EXPECT_EQ(change.version, ++room.version);
    Appended appended = Must(store().messages().Append(room.id, sends));
    EXPECT_TRUE(appended.changes.empty()) << "all of it was there";
    TakeIn(room, sends, appended);
    return;
  }
  auto outcome = Try(failing_store_->messages().Append(room.id, sends));
  if (!outcome) return;
  ASSERT_TRUE(*outcome) << outcome->error().message;
  for (const Change& change : (*outcome)->changes) EXPECT_EQ(change.version, ++room.version);
  TakeIn(room, sends, **outcome);
}

void RandomTest::TakeIn(ModelRoom& room, const std::vector<Send>& sends, Appended& appended) {
  for (std::size_t i = 0; i < sends.size(); ++i) {
    const Send& send = sends[i];
    const auto& sent = appended.sends[i];
    const std::pair key{room.id.value(), send.client_msg_id};
    const auto earlier = sent_.find(key);
    if (earlier != sent_.end()) {
      const bool is_same = earlier->second.text == send.text;
      ASSERT_EQ(sent.has_value(), is_same);
      if (is_same) EXPECT_FALSE(sent->is_new);
      ++duplicates_;
      continue;
    }
    const bool may = send.sender == Sender::kServer || (room.members.contains(send.user_id) &&
                                                        room.members[send.user_id].role > Role::kReadonly);
    const auto root = std::ranges::find(room.messages, send.thread_id, &ModelMessage::id);
    const bool has_root = send.thread_id.value() == 0 || (root->thread == 0 && !root->is_deleted);
    ASSERT_EQ(sent.has_value(), may && has_root && !send.text.empty()) << send.user_id << " " << send.text;
    if (!sent) continue;
    EXPECT_EQ(sent->message.seq, room.last_seq() + 1);
    const Seq thread = send.thread_id.value() == 0 ? 0 : root - room.messages.begin() + 1;
    room.Add({.id = sent->message.id,
              .user = send.user_id,
              .type = send.type,
              .text = send.text,
              .thread = thread,
              .mentions = send.mentions});
    sent_.emplace(key, send);
  }
}

void RandomTest::ChangeOne(ModelRoom& room) {
  if (room.last_seq() == 0) return;
  const Seq seq = AnySeq(room);
  ModelMessage& message = room.At(seq);
  MessageStore& messages = failing_store_->messages();
  const std::string user = Below(2) == 0 ? message.user : AnyUser();
  const Acting acting{.user = user};
  switch (Below(6)) {
    case 0: {
      const std::string text = "edited " + std::to_string(Below(1'000));
      if (Changes(room, messages.EditText(acting, message.id, {.text = text}))) {
        EXPECT_EQ(user, message.user);
        message.text = text;
      }
      break;
    }
    case 1:
      if (Changes(room, messages.Delete({.user = user, .role_min = Role::kModerator}, message.id))) {
        EXPECT_TRUE(user == message.user || room.members.at(user).role >= Role::kModerator);
        message.is_deleted = true;
      }
      break;
    case 2:
    case 3: {
      const std::string emoji = "e" + std::to_string(Below(3));
      if (Changes(room, messages.AddReaction(acting, message.id, emoji)))
        EXPECT_TRUE(message.reactions[emoji].insert(user).second);
      break;
    }
    case 4: {
      const std::string emoji = "e" + std::to_string(Below(3));
      if (Changes(room, messages.RemoveReaction(acting, message.id, emoji))) {
        EXPECT_EQ(message.reactions[emoji].erase(user), 1u);
        if (message.reactions[emoji].empty()) message.reactions.erase(emoji);
      }
      break;
    }
    default: {
      const bool pins = !message.is_pinned;
      if (Changes(room, pins ? messages.Pin(acting, room.id, message.id)
                             : messages.Unpin(acting, room.id, message.id)))
        message.is_pinned = pins;
    }
  }
}

void RandomTest::Mark(ModelRoom& room) {
  if (room.last_seq() == 0) return;
  const std::string user = AnyUser();
  const Seq seq = AnySeq(room);
  const bool forward = Below(4) != 0;
  MarkerStore& markers = failing_store_->markers();
  const auto outcome =
      Try(forward ? markers.MarkRead(room.id, user, seq) : markers.MarkUnread(room.id, user, seq));
  if (!outcome || !*outcome) return;
  Seq& read_seq = room.members.at(user).read_seq;
  const Seq to = forward ? std::max(read_seq, seq) : std::min(read_seq, seq - 1);
  EXPECT_EQ((*outcome)->has_changed, to != read_seq);
  read_seq = to;
}

void RandomTest::ChangeMembers(ModelRoom& room) {
  const std::string user = AnyUser();
  RoomStore& rooms = failing_store_->rooms();
  if (!room.members.contains(user)) {
    if (Changes(room, rooms.Join(room.id, user)))
      room.members[user] = {.read_seq = room.last_seq(), .joined_at_seq = room.last_seq()};
  } else if (user != "u0" && Below(2) == 0) {
    if (Changes(room, rooms.RemoveMember({.user = user}, room.id, user))) room.Remove(user);
  } else if (user != "u0") {
    const auto role = static_cast<Role>(Below(4));
    if (Changes(room, rooms.SetRole({.user = "u0", .role_min = Role::kOwner}, room.id, user, role)))
      room.members[user].role = role;
  }
}

void RandomTest::FollowOne(ModelRoom& room) {
  if (room.last_seq() == 0) return;
  const Seq seq = AnySeq(room);
  const std::string user = AnyUser();
  if (room.At(seq).thread != 0 || !room.members.contains(user)) return;
  ThreadStore& threads = failing_store_->threads();
  const MessageId id = room.At(seq).id;
  auto& followers = room.followers;
  const bool is_there = followers.contains({seq, user});
  switch (Below(3)) {
    case 0:
      Must(threads.Follow(user, id));
      if (!is_there) followers[{seq, user}].read_seq = room.last_seq();
      followers[{seq, user}].is_following = true;
      break;
    case 1:
      Must(threads.Unfollow(user, id));
      if (!is_there) followers[{seq, user}].read_seq = room.last_seq();
      followers[{seq, user}].is_following = false;
      break;
    default: {
      const Seq to = AnySeq(room);
      const auto outcome = Try(threads.MarkRead(user, id, to));
      if (outcome && *outcome) {
        Seq& read_seq = followers.at({seq, user}).read_seq;
        read_seq = std::max(read_seq, to);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RandomTest, ::testing::ValuesIn(testing::BackendOfEachDialect()),
                         testing::NameOf);

TEST_P(RandomTest, TheStoreIsWhatAPlainModelIs) {
  for (int i = 1; i <= kOperations; ++i) {
    ModelRoom& room = rooms_[Below(kRooms)];
    const std::uint64_t what = Below(20);
    clock().Advance(Milliseconds(static_cast<std::int64_t>(Below(50))));
    if (what < 8) {
      SendSome(room);
    } else if (what < 13) {
      ChangeOne(room);
    } else if (what < 16) {
      Mark(room);
    } else if (what < 18) {
      ChangeMembers(room);
    } else {
      FollowOne(room);
    }
    if (i % kCompareEvery == 0)
      for (const ModelRoom& each : rooms_) ASSERT_EQ(DifferenceOf(loop(), store(), each), "") << i;
    ASSERT_FALSE(HasFailure()) << i;
  }
  EXPECT_GT(failing_.failed(), 100u);
  EXPECT_GT(refused_, 50);
  EXPECT_GT(duplicates_, 100);
  EXPECT_GT(lost_answers_, 20);
}

}  // namespace
}  // namespace tidemill::chat
