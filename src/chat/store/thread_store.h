// ThreadStore: who follows which threads, and how far they have read there. Part of Store (store.h), whose
// contract holds here too.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "chat/store/member.h"
#include "chat/store/message.h"
#include "chat/store/refusal.h"
#include "net/task.h"

namespace tidemill::chat {

struct FollowedThread {
  Message root;
  Seq read_seq = 0;         // of replies
  std::int64_t unread = 0;  // replies behind read_seq
};

struct ThreadPage {
  std::vector<FollowedThread> threads;  // the latest reply first
  std::string cursor;
};
struct ThreadQuery {
  std::string user;
  bool unread_only = false;
  std::string cursor;
  std::size_t limit = 25;  // at most 100
};

class ThreadStore {
 public:
  static constexpr std::size_t kFollowersMax = 1'000;  // that are told of a reply
  static constexpr std::size_t kFollowedMax = 2'000;   // looked through of a user's threads, the newest

  virtual ~ThreadStore() = default;

  // Of rooms that the user is in. Threads without a reply are not among them.
  virtual Task<Outcome<ThreadPage>> List(ThreadQuery query) = 0;
  // kNotFound: no such root, or its room is not the user's. Gives whether that has changed.
  virtual Task<Outcome<bool>> Follow(std::string user, MessageId thread) = 0;
  virtual Task<Outcome<bool>> Unfollow(std::string user, MessageId thread) = 0;
  // Replies up to `seq` are read; forward only. kNotFound: they do not follow it.
  virtual Task<Outcome<FollowedThread>> MarkRead(std::string user, MessageId thread, Seq seq) = 0;
  // Members who follow it, at most kFollowersMax.
  virtual Task<Outcome<std::vector<std::string>>> ListFollowers(MessageId thread) = 0;
};

}  // namespace tidemill::chat
