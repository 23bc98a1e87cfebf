// Many writes to one room at once, by several stores as on several nodes: each
// is done once, numbers have no gaps, and nobody waits in a circle.
#include <gtest/gtest.h>

#include <algorithm>
#include <list>

#include "chat/store/testing/fixture.h"

namespace tidemill::chat {
namespace {

class ConcurrentTest : public testing::ChatStoreTest {
 protected:
  template <class T>
  void Spawn(Task<Outcome<T>> task) {
    ++begun_;
    scope_.Spawn(Count(std::move(task), *this));
  }
  template <class T>
  static Task<void> Count(Task<Outcome<T>> task, ConcurrentTest& test) {
    const Outcome<T> outcome = co_await task;
    ++test.ended_;
    if (!outcome) test.refusals_.push_back(outcome.error().message);
    if constexpr (std::is_same_v<T, Appended>) {
      if (!outcome) co_return;
      for (const auto& sent : outcome->sends) test.seqs_.push_back(sent ? sent->message.seq : -1);
    }
  }
  bool AwaitAll() {
    return net::testing::DriveUntil(loop(), [this] { return ended_ == begun_; });
  }

  int begun_ = 0;
  int ended_ = 0;
  std::vector<std::string> refusals_;
  std::vector<Seq> seqs_;
  TaskScope scope_;
};

INSTANTIATE_TEST_SUITE_P(All, ConcurrentTest, ::testing::ValuesIn(testing::Backends()), testing::NameOf);

TEST_P(ConcurrentTest, WritesOfSeveralNodesToOneRoom) {
  std::vector<std::string> users;
  for (int i = 0; i < 10; ++i) users.push_back("u" + std::to_string(i));
  const RoomId room = MakeRoom("hot", users);
  const Message first = Post(room, "u0", "root");
  const std::vector<std::unique_ptr<Store>> nodes = [this] {
    std::vector<std::unique_ptr<Store>> opened;
    for (int i = 0; i < 3; ++i) opened.push_back(OpenAnother());
    return opened;
  }();
  std::size_t sends = 0;
  for (std::size_t i = 0; i < 120; ++i) {
    Store& node = *nodes[i % nodes.size()];
    std::vector<Send> batch;
    for (std::size_t n = 0; n <= i % 8; ++n, ++sends)
      batch.push_back({.user_id = users[(i + n) % users.size()],
                       .client_msg_id = "c" + std::to_string(sends),
                       .text = "m",
                       .thread_id = n % 3 == 2 ? first.id : MessageId(),
                       .mentions = {.user_ids = {users[n], users[(i * 7) % users.size()]}}});
    Spawn(node.messages().Append(room, std::move(batch)));
    const std::string& user = users[i % users.size()];
    Spawn(node.markers().MarkRead(room, user, static_cast<Seq>(i)));
    Spawn(node.messages().AddReaction({.user = user}, first.id, "e" + std::to_string(i % 4)));
    if (i % 10 == 0) Spawn(node.threads().MarkRead("u0", first.id, static_cast<Seq>(i)));
    if (i % 10 == 5) Spawn(node.rooms().Update({.user = "u0"}, room, {.topic = "t" + std::to_string(i)}));
  }
  ASSERT_TRUE(AwaitAll());
  // Whoever comes too early does not follow the thread yet.
  std::erase(refusals_, "you do not follow this thread");
  EXPECT_EQ(refusals_, std::vector<std::string>{});
  std::ranges::sort(seqs_);
  ASSERT_EQ(seqs_.size(), sends);
  for (std::size_t i = 0; i < sends; ++i) ASSERT_EQ(seqs_[i], static_cast<Seq>(i + 2));

  const Room after = RoomOf(room);
  EXPECT_EQ(after.last_seq, static_cast<Seq>(sends + 1));
  const Version kept_after = std::max<Version>(0, after.version - ChangeStore::kKept);
  Version version = kept_after;
  for (bool more = true; more;) {
    const ChangePage page = Must(store().changes().ListAfter(room, version, 500));
    ASSERT_FALSE(page.reset);
    for (const Change& change : page.changes) ASSERT_EQ(change.version, ++version);
    more = page.has_more;
  }
  EXPECT_EQ(version, after.version);
  std::int64_t reactions = 0;
  for (const Reaction& reaction : Must(store().messages().Find(first.id))->reactions)
    reactions += reaction.count;
  EXPECT_EQ(reactions, 20) << "each user with each of two emoji";
}

TEST_P(ConcurrentTest, TheSameSendByManyIsOneMessage) {
  const RoomId room = MakeRoom("hot", {"ada"});
  const auto other = OpenAnother();
  for (int i = 0; i < 20; ++i)
    Spawn((i % 2 == 0 ? store() : *other)
              .messages()
              .Append(room, {{.user_id = "ada", .client_msg_id = "c1", .text = "once"}}));
  ASSERT_TRUE(AwaitAll());
  EXPECT_EQ(refusals_, std::vector<std::string>{});
  EXPECT_EQ(seqs_, std::vector<Seq>(20, 1));
  EXPECT_EQ(RoomOf(room).last_seq, 1);
}

}  // namespace
}  // namespace tidemill::chat
