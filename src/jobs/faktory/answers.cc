#include "jobs/faktory/answers.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "jobs/faktory/reply.h"

namespace tidemill::faktory {

class Answers::Held final : public jobs::CommitWaiter {
 public:
  Held(Answers& answers, Group group) : group_(std::move(group)), answers_(answers) {}

  void OnCommit(const Result<>& result) override { answers_.Committed(*this, result); }

  Group group_;
  bool decided_ = false;

 private:
  Answers& answers_;
};

Answers::Answers(jobs::Engine& engine, AnswerSink& sink) : engine_(engine), sink_(sink) {}

Answers::~Answers() = default;

void Answers::AddOnCommit(std::string_view text) {
  const auto begin = static_cast<std::uint32_t>(open_.text.size());
  open_.text += text;
  open_.on_commit.push_back({.begin = begin, .end = static_cast<std::uint32_t>(open_.text.size())});
  Added();
}

void Answers::Seal() {
  if (open_.count == 0) return;
  if (open_.on_commit.empty() && held_.empty()) {
    open_.count = 0;
    const std::string text = std::exchange(open_.text, {});
    return sink_.OnAnswers(text);
  }
  count_held_ += open_.count;
  bytes_held_ += open_.text.size();
  if (open_.on_commit.empty()) {
    // Known, but behind others.
    Group& last = held_.back()->group_;
    last.text += open_.text;
    last.count += open_.count;
    open_ = {};
    return;
  }
  held_.push_back(std::make_unique<Held>(*this, std::exchange(open_, {})));
  engine_.WaitForCommit(*held_.back());
}

void Answers::Committed(Held& held, const Result<>& result) {
  Group& group = held.group_;
  held.decided_ = true;
  if (!result) {
    std::string text;
    std::uint32_t behind = 0;
    for (const Mark& mark : group.on_commit) {
      text.append(group.text, behind, mark.begin - behind);
      AppendFailed(result.error(), text);
      behind = mark.end;
    }
    text.append(group.text, behind);
    bytes_held_ += text.size() - group.text.size();
    group.text = std::move(text);
  }
  // The sink may end this object.
  std::string ready;
  std::size_t decided = 0;
  while (decided < held_.size() && held_[decided]->decided_) {
    Group& each = held_[decided++]->group_;
    count_held_ -= each.count;
    bytes_held_ -= each.text.size();
    if (ready.empty()) {
      ready = std::move(each.text);
    } else {
      ready += each.text;
    }
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(decided));
  if (!ready.empty()) sink_.OnAnswers(ready);
}

}  // namespace tidemill::faktory
