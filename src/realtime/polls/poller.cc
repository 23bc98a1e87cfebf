#include "realtime/polls/poller.h"

#include <absl/container/inlined_vector.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/log.h"
#include "net/next_turn.h"

namespace tidemill::polls {
namespace {

using protocol::Publication;
using protocol::PublicationPtr;

// So many changes are a message to a loop: less than a millisecond of work there.
constexpr std::size_t kChangesPerUpdate = 64;
// What a key has beside its data.
constexpr std::size_t kAroundData = 200;
constexpr Duration kShortestPause = Milliseconds(20);
// Until a reload may have brought them back.
constexpr Duration kNotConfiguredPause = Seconds(5);

std::uint64_t BytesOf(const PublicationPtr& data) { return data ? kAroundData + data->data.size() : 0; }

// What is to be told, by loop.
class Updates {
 public:
  Updates(PollLoops& loops, const std::string& channel, const std::string& epoch)
      : loops_(loops), channel_(channel), epoch_(epoch) {}
  ~Updates() {
    for (auto& [loop, changes] : by_loop_) Tell(loop, changes);
  }
  Updates(const Updates&) = delete;
  Updates& operator=(const Updates&) = delete;

  void Add(std::size_t loop, const PublicationPtr& change) {
    std::vector<PublicationPtr>& changes = by_loop_[loop];
    changes.push_back(change);
    if (changes.size() >= kChangesPerUpdate) Tell(loop, changes);
  }

 private:
  void Tell(std::size_t loop, std::vector<PublicationPtr>& changes) {
    if (changes.empty()) return;
    loops_.Tell(loop, {.channel = channel_, .epoch = epoch_, .changes = std::exchange(changes, {})});
  }

  PollLoops& loops_;
  const std::string& channel_;
  const std::string& epoch_;
  std::map<std::size_t, std::vector<PublicationPtr>> by_loop_;
};

}  // namespace

class Poller::Channel final : private net::Timer {
 public:
  Channel(Poller& poller, std::string name) : poller_(poller), name_(std::move(name)) {}
  ~Channel() override {
    for (auto& [name, key] : keys_) loops().data_bytes.Give(BytesOf(key.latest));
  }

  const std::string& name() const { return name_; }
  void Track(std::size_t loop, std::vector<Interest> interests);
  // Whether any key is left.
  bool Untrack(std::size_t loop, const std::vector<std::string>& keys);

 private:
  struct Key {
    absl::InlinedVector<std::uint16_t, 2> loops;  // that track it
    PublicationPtr latest;                        // null: nothing is known
    bool wanted = false;                          // at once
    std::uint64_t version() const { return latest ? latest->version : 0; }
  };
  using Keys = std::map<std::string, Key, std::less<>>;

  net::Loop& loop() const { return poller_.with_.loop; }
  PollLoops& loops() const { return poller_.with_.loops; }
  // Null: polls of the channel are no more configured.
  const channels::PollOptions* Options() const;
  void OnTimer() override;
  void Wake(MonotonicTime at);
  Question QuestionOf(const channels::PollOptions& options) const;
  // Those that are wanted at once, and those whose turn it is.
  Question AskWanted(const channels::PollOptions& options);
  Question AskNext(const channels::PollOptions& options);
  static Task<void> Poll(std::shared_ptr<Channel> self, Question question, MonotonicTime next);
  Task<void> Take(Answer answer, bool versioned);
  // Null: it is what it was.
  PublicationPtr Change(Key& key, Item& item, bool versioned);
  void BeginEpoch(std::string epoch);
  void Erase(Keys::iterator key);

  Poller& poller_;
  const std::string name_;
  std::string epoch_;
  bool delta_ = false;
  Keys keys_;
  std::vector<std::string> wanted_;
  std::string cursor_;   // the key that the last batch of this interval ended with
  MonotonicTime due_{};  // the next batch
  bool under_way_ = false;
};

Poller::Poller(Surroundings surroundings) : with_(std::move(surroundings)) {}
Poller::~Poller() = default;

void Poller::Track(std::size_t loop, const std::string& channel, std::vector<Interest> interests) {
  auto& found = channels_[channel];
  if (!found) found = std::make_shared<Channel>(*this, channel);
  found->Track(loop, std::move(interests));
}

void Poller::Untrack(std::size_t loop, const std::string& channel, const std::vector<std::string>& keys) {
  const auto found = channels_.find(channel);
  if (found != channels_.end() && !found->second->Untrack(loop, keys)) channels_.erase(found);
}

void Poller::Remove(const Channel& channel) {
  const auto found = channels_.find(channel.name());
  if (found != channels_.end() && found->second.get() == &channel) channels_.erase(found);
}

void Poller::Complain(std::string_view channel) {
  const auto suppressed = complaints_.Count(with_.loop.Now());
  if (!suppressed) return;
  log::Warn("shared_poll.change_not_taken",
            {{"channel", channel}, {"setting", "shared_poll.data_max_size"}, {"suppressed", *suppressed}});
}

std::uint64_t Poller::NextVersion() {
  const auto now = static_cast<std::uint64_t>(with_.loop.clock().WallNow().ms) * 1000;
  last_version_ = std::max(last_version_ + 1, now);
  return last_version_;
}

const channels::PollOptions* Poller::Channel::Options() const {
  const auto found = poller_.with_.rules().Find(name_);
  return found && found->options->is_poll() ? &found->options->poll : nullptr;
}

void Poller::Channel::Track(std::size_t loop, std::vector<Interest> interests) {
  const channels::PollOptions* const options = Options();
  if (epoch_.empty() && options && !options->versioned()) epoch_ = loops().own_epoch();
  const MonotonicTime now = this->loop().Now();
  Updates known(loops(), name_, epoch_);
  for (Interest& interest : interests) {
    Key& key = keys_[interest.key];
    const auto index = static_cast<std::uint16_t>(loop);
    if (std::ranges::find(key.loops, index) == key.loops.end()) key.loops.push_back(index);
    if (key.latest) {
      known.Add(loop, key.latest);
    } else if (interest.wants_now && !std::exchange(key.wanted, true)) {
      wanted_.push_back(std::move(interest.key));
    }
  }
  if (due_ == MonotonicTime{} && options) due_ = now + options->refresh_interval;
  Wake(wanted_.empty() ? due_ : now);
}

bool Poller::Channel::Untrack(std::size_t loop, const std::vector<std::string>& keys) {
  for (const std::string& name : keys) {
    const auto found = keys_.find(name);
    if (found == keys_.end()) continue;
    auto& tracking = found->second.loops;
    const auto left = std::remove(tracking.begin(), tracking.end(), static_cast<std::uint16_t>(loop));
    tracking.erase(left, tracking.end());
    if (tracking.empty()) Erase(found);
  }
  return !keys_.empty();
}

void Poller::Channel::Erase(Keys::iterator key) {
  loops().data_bytes.Give(BytesOf(key->second.latest));
  keys_.erase(key);
}

// Sooner than it was going to, or as before.
void Poller::Channel::Wake(MonotonicTime at) {
  if (under_way_ || (scheduled() && deadline() <= at)) return;
  loop().timers().Schedule(*this, at);
}

void Poller::Channel::OnTimer() {
  const channels::PollOptions* const options = Options();
  const MonotonicTime now = loop().Now();
  if (!options || !poller_.with_.source) return Wake(now + kNotConfiguredPause);
  const bool is_regular = now >= due_;
  if (is_regular) {
    const std::size_t batches =
        (keys_.size() + options->refresh_batch_size - 1) / options->refresh_batch_size;
    const Duration pause{options->refresh_interval.ms /
                         static_cast<std::int64_t>(std::max<std::size_t>(batches, 1))};
    due_ = std::max(due_ + pause, now + kShortestPause);
  }
  Question question = is_regular ? AskNext(*options) : AskWanted(*options);
  under_way_ = true;
  poller_.with_.scope.Spawn(Poll(poller_.channels_.at(name_), std::move(question), now + kShortestPause));
}

Question Poller::Channel::QuestionOf(const channels::PollOptions& options) const {
  return {.channel = name_, .proxy = options.proxy_name, .versioned = options.versioned(), .items = {}};
}

Question Poller::Channel::AskWanted(const channels::PollOptions& options) {
  Question question = QuestionOf(options);
  std::size_t taken = 0;
  for (; taken < wanted_.size() && question.items.size() < options.refresh_batch_size; ++taken) {
    const auto found = keys_.find(wanted_[taken]);
    if (found == keys_.end()) continue;
    found->second.wanted = false;
    question.items.push_back({.key = found->first, .version = found->second.version()});
  }
  wanted_.erase(wanted_.begin(), wanted_.begin() + static_cast<std::ptrdiff_t>(taken));
  return question;
}

Question Poller::Channel::AskNext(const channels::PollOptions& options) {
  Question question = QuestionOf(options);
  auto next = keys_.upper_bound(cursor_);
  for (; next != keys_.end() && question.items.size() < options.refresh_batch_size; ++next) {
    question.items.push_back({.key = next->first, .version = next->second.version()});
  }
  cursor_ = next == keys_.end() || question.items.empty() ? "" : question.items.back().key;
  return question;
}

Task<void> Poller::Channel::Poll(std::shared_ptr<Channel> self, Question question, MonotonicTime next) {
  const bool versioned = question.versioned;
  if (!question.items.empty()) {
    self->loops().metrics().polled.Add(question.items.size());
    std::optional<Answer> answer = co_await self->poller_.with_.source->Poll(std::move(question));
    if (answer) co_await self->Take(*std::move(answer), versioned);
  }
  self->under_way_ = false;
  if (self->keys_.empty()) co_return self->poller_.Remove(*self);
  self->Wake(self->wanted_.empty() ? std::max(self->due_, next) : self->loop().Now());
}

Task<void> Poller::Channel::Take(Answer answer, bool versioned) {
  if (!versioned) answer.epoch = loops().own_epoch();
  if (answer.epoch != epoch_) BeginEpoch(std::move(answer.epoch));
  const auto found = poller_.with_.rules().Find(name_);
  delta_ = found && found->options->allows_deltas();
  Updates updates(loops(), name_, epoch_);
  for (Item& item : answer.items) {
    if (loop().ShareSpent()) co_await net::NextTurn(loop());
    const auto at = keys_.find(item.key);
    if (at == keys_.end()) continue;  // nobody tracks it any more
    Key& key = at->second;
    const PublicationPtr change = Change(key, item, versioned);
    if (!change) continue;
    loops().metrics().changed.Add();
    for (const std::uint16_t index : key.loops) updates.Add(index, change);
    if (change->removed) Erase(at);
  }
}

PublicationPtr Poller::Channel::Change(Key& key, Item& item, bool versioned) {
  auto change = std::make_shared<Publication>();
  change->key = item.key;
  if (item.removed) {
    change->removed = true;
    return change;
  }
  if (!item.data) return nullptr;
  if (versioned ? item.version <= key.version() : key.latest && key.latest->data == *item.data)
    return nullptr;
  if (!loops().data_bytes.Replace(BytesOf(key.latest), kAroundData + item.data->size())) {
    poller_.Complain(name_);
    return nullptr;
  }
  change->data = *std::move(item.data);
  change->data_is_json = item.data_is_json;
  change->version = versioned ? item.version : poller_.NextVersion();
  change->send_delta = delta_;
  key.latest = change;
  return change;
}

// What was known is of another epoch: all that is tracked is asked about anew. Its subscribers are told by
// their loops.
void Poller::Channel::BeginEpoch(std::string epoch) {
  epoch_ = std::move(epoch);
  std::vector<std::size_t> tracking;
  for (auto& [name, key] : keys_) {
    loops().data_bytes.Give(BytesOf(std::exchange(key.latest, nullptr)));
    for (const std::uint16_t index : key.loops) {
      if (std::ranges::find(tracking, index) == tracking.end()) tracking.push_back(index);
    }
  }
  for (const std::size_t index : tracking) {
    loops().Tell(index, {.channel = name_, .epoch = epoch_, .changes = {}});
  }
}

}  // namespace tidemill::polls
