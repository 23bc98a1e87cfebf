// Answers: what one client is told, in the order of its commands.
//
// An answer that says that something was kept is held until the flush that keeps it is committed, and those
// behind it wait for it. All that are added between two calls of Seal share one waiter, however many there
// are. Loop thread of the engine; the engine and the sink outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/engine/engine.h"

namespace tidemill::faktory {

class AnswerSink {
 public:
  // The next answers, whole. Never from within a call of Answers but Seal.
  virtual void OnAnswers(std::string_view bytes) = 0;

 protected:
  ~AnswerSink() = default;
};

class Answers {
 public:
  Answers(jobs::Engine& engine, AnswerSink& sink);
  ~Answers();
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  // Where an answer that is known is appended, whole; then Added counts it.
  std::string& text() { return open_.text; }
  void Added() { ++open_.count; }
  // An answer that is true once what was asked of the engine in this turn is committed; else -ERR says why
  // not.
  void AddOnCommit(std::string_view text);
  // At the end of the turn's share: from now on it is clear which flush the added ones wait for. What waits
  // for nothing is given to the sink.
  void Seal();

  bool awaits_commit() const { return !open_.on_commit.empty() || !held_.empty(); }
  bool empty() const { return open_.count == 0 && held_.empty(); }
  std::size_t count() const { return count_held_ + open_.count; }
  std::size_t bytes() const { return bytes_held_ + open_.text.capacity(); }

 private:
  struct Mark {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  struct Group {
    std::string text;
    std::vector<Mark> on_commit;  // the answers in it that are only true then
    std::size_t count = 0;
  };
  class Held;

  void Committed(Held& held, const Result<>& result);

  jobs::Engine& engine_;
  AnswerSink& sink_;
  Group open_;
  std::vector<std::unique_ptr<Held>> held_;  // the oldest first; flushes are committed in order
  std::size_t count_held_ = 0;
  std::size_t bytes_held_ = 0;
};

}  // namespace tidemill::faktory
