// Surveys: questions to all nodes, and their answers.
#include <algorithm>
#include <tuple>
#include <utility>

#include "cluster/cluster.h"

namespace tidemill::cluster {
namespace {

// Counts what runs at the same time.
class Running {
 public:
  explicit Running(std::size_t& count) : count_(count) { ++count_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { --count_; }

 private:
  std::size_t& count_;
};

// What a node found out; null if it is not of that kind.
template <class T>
const T* FindingOf(const Reply& reply) {
  const auto* answer = std::get_if<Answer>(&reply);
  return answer ? std::get_if<T>(&answer->finding) : nullptr;
}

}  // namespace

Task<Cluster::Surveyed> Cluster::Ask(Question question, std::vector<NodeId> nodes, Duration patience) {
  Surveyed surveyed{.replies = {}, .complete = Reachable()};
  if (!surveyed.complete) co_return surveyed;
  if (polls_.full()) {
    metrics_.refused.Add();
    surveyed.complete = Fail(Errc::kLimitExceeded, "too many surveys wait for other nodes");
    co_return surveyed;
  }
  const MonotonicTime deadline = Now() + patience;
  Poll poll(polls_, nodes);
  Survey survey{.id = poll.id(), .question = std::move(question)};
  surveyed.complete = co_await Publish(Encode(From(std::move(survey))), deadline);
  if (!surveyed.complete) co_return surveyed;
  co_await poll.Wait(deadline);
  surveyed.replies = poll.TakeReplies();
  if (!poll.missing().empty()) {
    metrics_.survey_timeouts.Add();
    surveyed.complete = std::unexpected(Missing(poll, "no answer from"));
  }
  co_return surveyed;
}

Task<Result<std::vector<broker::ChannelCount>>> Cluster::ChannelsElsewhere(std::string pattern) {
  co_await Introduced();
  if (channel_surveys_ >= kChannelSurveysMax) {
    metrics_.refused.Add();
    co_return Fail(Errc::kLimitExceeded, "too many surveys of channels at once");
  }
  const Running running(channel_surveys_);
  const Surveyed surveyed = co_await Ask(AskChannels{std::move(pattern)}, table_.Live(), kReplyDeadline);
  if (!surveyed.complete) co_return std::unexpected(surveyed.complete.error());
  std::vector<broker::ChannelCount> all;
  for (const auto& [node, reply] : surveyed.replies) {
    if (const auto* failed = FindingOf<FailedAnswer>(reply)) {
      co_return Fail(failed->error.code, NameOf(node) + ": " + failed->error.detail);
    }
    const auto* answer = FindingOf<ChannelsAnswer>(reply);
    if (!answer) co_return Fail(Errc::kInternal, NameOf(node) + ": not an answer to what was asked");
    if (answer->truncated) co_return Fail(Errc::kLimitExceeded, NameOf(node) + ": too many channels");
    all.insert(all.end(), answer->channels.begin(), answer->channels.end());
  }
  co_return all;
}

// Clients wait for it while they connect: neither for the introduction nor for who has just not answered.
Task<std::uint64_t> Cluster::CountElsewhere(std::string user) {
  if (table_.live() == 0) co_return 0;
  const Surveyed surveyed = co_await Ask(AskUser{std::move(user)}, table_.Responsive(), kCountDeadline);
  std::uint64_t sessions = 0;
  for (const auto& [node, reply] : surveyed.replies) {
    if (const auto* answer = FindingOf<UserAnswer>(reply)) sessions += answer->sessions;
  }
  co_return sessions;
}

Task<std::vector<control::NodeInfo>> Cluster::NodesElsewhere() {
  co_await Introduced();
  const Surveyed surveyed = co_await Ask(AskNode{}, table_.Responsive(), kReplyDeadline);
  for (const auto& [node, reply] : surveyed.replies) {
    const auto* found = FindingOf<control::NodeInfo>(reply);
    if (!found || !table_.Find(node)) continue;
    control::NodeInfo info = *found;
    info.uid = node.value();
    table_.Hear(std::move(info), Now());
  }
  std::vector<control::NodeInfo> nodes;
  for (const NodeId& id : table_.Live()) nodes.push_back(*table_.Find(id));
  std::ranges::sort(nodes, {}, [](const control::NodeInfo& node) { return std::tie(node.name, node.uid); });
  co_return nodes;
}

void Cluster::On(const NodeId& from, Survey survey) {
  if (HasRoom()) scope_.Spawn(AnswerTo(from, std::move(survey)));
}

Task<void> Cluster::AnswerTo(NodeId from, Survey survey) {
  Answer answer{.id = survey.id, .finding = co_await Find(std::move(survey.question))};
  co_await SendTo(std::move(from), Encode(From(std::move(answer))));
}

Task<Finding> Cluster::Find(Question question) {
  if (auto* channels = std::get_if<AskChannels>(&question)) {
    auto found = co_await local_.Channels(std::move(channels->pattern));
    if (!found) co_return FailedAnswer{std::move(found.error())};
    co_return ChannelsAnswer{.channels = *std::move(found)};
  }
  if (auto* user = std::get_if<AskUser>(&question)) {
    co_return UserAnswer{.sessions = co_await local_.CountOfUser(std::move(user->user))};
  }
  const std::vector<control::NodeInfo> nodes = co_await local_.Nodes();
  Keep(nodes.front());
  co_return own_;
}

}  // namespace tidemill::cluster
