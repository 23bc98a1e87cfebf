// ChatStoreTest: a loop, a clock that stands still, and a chat on one of the backends.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "chat/store/store.h"
#include "chat/store/testing/backend.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::chat::testing {

class ChatStoreTest : public ::testing::TestWithParam<Param> {
 protected:
  ChatStoreTest()
      : loop_(net::testing::OpenLoop()), backend_(GetParam().make(*loop_)), store_(OpenAnother()) {}

  net::Loop& loop() { return *loop_; }
  Backend& backend() { return *backend_; }
  sql::Database& database() { return backend_->database(); }
  ManualClock& clock() { return clock_; }
  Store& store() { return *store_; }
  // As another node opens it.
  std::unique_ptr<Store> OpenAnother() { return MakeSqlStore(*loop_, backend_->database(), clock_, {}); }

  template <class T>
  T Await(Task<T> task) {
    return net::testing::RunTask(*loop_, std::move(task));
  }
  // Of what must succeed.
  template <class T>
  T Must(Task<Outcome<T>> task) {
    auto outcome = Await(std::move(task));
    EXPECT_TRUE(outcome) << outcome.error().message;
    if constexpr (!std::is_void_v<T>) return outcome ? *std::move(outcome) : T{};
  }
  // Of what must be refused.
  template <class T>
  std::string CodeOf(Task<Outcome<T>> task) {
    const auto outcome = Await(std::move(task));
    if (outcome) return "done";
    EXPECT_FALSE(outcome.error().message.empty());
    return std::string(Name(outcome.error().code));
  }

  void AddUsers(const std::vector<std::string>& ids) {
    for (const std::string& id : ids) Must(store().users().Upsert({.id = id, .name = {}, .username = {}}));
  }
  // A channel, owned by the first of them.
  RoomId MakeRoom(std::string name, std::vector<std::string> members) {
    AddUsers(members);
    NewRoom room{.name = std::move(name), .created_by = members.front()};
    room.user_ids.assign(members.begin() + 1, members.end());
    return Must(store().rooms().Create(std::move(room))).id;
  }
  Outcome<Sent> TrySend(RoomId room, Send send) {
    std::vector<Send> sends;
    sends.push_back(std::move(send));
    auto appended = Must(store().messages().Append(room, std::move(sends)));
    EXPECT_EQ(appended.sends.size(), 1u);
    return std::move(appended.sends.front());
  }
  Message Post(RoomId room, std::string user, std::string text, MessageId thread = {}) {
    auto sent = TrySend(room, {.user_id = std::move(user), .text = std::move(text), .thread_id = thread});
    EXPECT_TRUE(sent) << sent.error().message;
    return sent ? sent->message : Message{};
  }
  std::string CodeOfSend(RoomId room, Send send) {
    const auto sent = TrySend(room, std::move(send));
    return sent ? "done" : std::string(Name(sent.error().code));
  }
  Membership MembershipOf(RoomId room, const std::string& user) {
    const auto view = Must(store().rooms().Find(room, user));
    EXPECT_TRUE(view && view->membership);
    return view && view->membership ? *view->membership : Membership{};
  }
  Room RoomOf(RoomId room) {
    const auto view = Must(store().rooms().Find(room, ""));
    EXPECT_TRUE(view);
    return view ? view->room : Room{};
  }
  // "1 message.created", one for each.
  std::vector<std::string> ChangesAfter(RoomId room, Version after) {
    std::vector<std::string> lines;
    for (const Change& change : Must(store().changes().ListAfter(room, after, 500)).changes)
      lines.push_back(std::to_string(change.version) + " " + change.type);
    return lines;
  }

 private:
  std::unique_ptr<net::Loop> loop_;
  ManualClock clock_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Store> store_;
};

inline std::string NameOf(const ::testing::TestParamInfo<Param>& info) { return info.param.name; }

}  // namespace tidemill::chat::testing
