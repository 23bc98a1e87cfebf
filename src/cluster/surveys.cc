#include "cluster/surveys.h"

#include <algorithm>
#include <tuple>

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

// Null: the answer is of another kind.
template <class T>
const T* AnswerOf(const Reply& reply) {
  const auto* survey_reply = std::get_if<SurveyReply>(&reply);
  return survey_reply ? std::get_if<T>(&survey_reply->answer) : nullptr;
}

}  // namespace

Task<Surveys::Surveyed> Surveys::Ask(Question question, std::vector<NodeId> nodes, Duration patience) {
  Surveyed surveyed{.replies = {}, .complete = membership_.Reachable()};
  if (!surveyed.complete) co_return surveyed;
  if (replies_.full()) {
    metrics_.refused.Add();
    surveyed.complete = Fail(Errc::kLimitExceeded, "too many surveys wait for other nodes");
    co_return surveyed;
  }
  const MonotonicTime deadline = sender_.Now() + patience;
  PendingReplies pending(replies_, nodes);
  Survey survey{.id = pending.id(), .question = std::move(question)};
  surveyed.complete = co_await sender_.Publish(sender_.TextOf(std::move(survey)), deadline);
  if (!surveyed.complete) co_return surveyed;
  co_await pending.Wait(deadline);
  surveyed.replies = pending.TakeReplies();
  if (!pending.missing().empty()) {
    metrics_.survey_timeouts.Add();
    surveyed.complete = std::unexpected(membership_.Suspect(pending.missing(), "no answer from"));
  }
  co_return surveyed;
}

template <class T>
Task<Result<std::vector<std::pair<NodeId, T>>>> Surveys::AskForMuch(Question question) {
  if (!sender_.HasRoom()) co_return Fail(Errc::kLimitExceeded, "too many surveys wait for other nodes");
  co_await membership_.Introduced();
  if (channel_surveys_ >= kChannelSurveysMax) {
    metrics_.refused.Add();
    co_return Fail(Errc::kLimitExceeded, "too many surveys of channels or connections at once");
  }
  const Running running(channel_surveys_);
  const Surveyed surveyed =
      co_await Ask(std::move(question), membership_.table().Live(), Sender::kReplyDeadline);
  if (!surveyed.complete) co_return std::unexpected(surveyed.complete.error());
  std::vector<std::pair<NodeId, T>> answers;
  for (const auto& [node, reply] : surveyed.replies) {
    if (const auto* failed = AnswerOf<FailedAnswer>(reply)) {
      co_return Fail(failed->error.code, membership_.NameOf(node) + ": " + failed->error.detail);
    }
    const T* const answer = AnswerOf<T>(reply);
    if (!answer) {
      co_return Fail(Errc::kInternal, membership_.NameOf(node) + ": not an answer to what was asked");
    }
    answers.emplace_back(node, *answer);
  }
  co_return answers;
}

Task<Result<std::vector<broker::ChannelCount>>> Surveys::ChannelsElsewhere(std::string pattern) {
  TM_CO_TRY_ASSIGN(const auto answers, co_await AskForMuch<ChannelsAnswer>(AskChannels{std::move(pattern)}));
  std::vector<broker::ChannelCount> all;
  for (const auto& [node, answer] : answers) {
    if (answer.truncated) {
      co_return Fail(Errc::kLimitExceeded, membership_.NameOf(node) + ": too many channels");
    }
    all.insert(all.end(), answer.channels.begin(), answer.channels.end());
  }
  co_return all;
}

Task<Result<std::vector<control::ConnectionsPage>>> Surveys::ConnectionsElsewhere(
    control::ConnectionsQuery query) {
  TM_CO_TRY_ASSIGN(auto answers, co_await AskForMuch<control::ConnectionsPage>(std::move(query)));
  std::vector<control::ConnectionsPage> pages;
  for (auto& [node, page] : answers) pages.push_back(std::move(page));
  co_return pages;
}

// Clients wait for it while they connect: it waits neither for the introduction nor for suspected nodes.
Task<std::uint64_t> Surveys::CountElsewhere(std::string user) {
  if (membership_.table().live() == 0) co_return 0;
  const Surveyed surveyed =
      co_await Ask(AskUser{std::move(user)}, membership_.table().Responsive(), kCountDeadline);
  std::uint64_t sessions = 0;
  for (const auto& [node, reply] : surveyed.replies) {
    if (const auto* answer = AnswerOf<UserAnswer>(reply)) sessions += answer->sessions;
  }
  co_return sessions;
}

Task<std::vector<control::NodeInfo>> Surveys::NodesElsewhere() {
  if (sender_.HasRoom()) co_await membership_.Introduced();
  const Surveyed surveyed = co_await Ask(AskNode{}, membership_.table().Responsive(), Sender::kReplyDeadline);
  for (const auto& [node, reply] : surveyed.replies) {
    const auto* found = AnswerOf<control::NodeInfo>(reply);
    if (!found || !membership_.table().Find(node)) continue;
    control::NodeInfo info = *found;
    info.uid = node.value();
    membership_.table().Hear(std::move(info), sender_.Now());
  }
  std::vector<control::NodeInfo> nodes;
  for (const NodeId& id : membership_.table().Live()) nodes.push_back(*membership_.table().Find(id));
  std::ranges::sort(nodes, {}, [](const control::NodeInfo& node) { return std::tie(node.name, node.uid); });
  co_return nodes;
}

void Surveys::OnSurvey(const NodeId& from, Survey survey) {
  if (sender_.HasRoom()) sender_.scope().Spawn(ReplyTo(from, std::move(survey)));
}

Task<void> Surveys::ReplyTo(NodeId from, Survey survey) {
  SurveyReply reply{.id = survey.id, .answer = co_await AnswerTo(std::move(survey.question))};
  co_await sender_.SendTo(std::move(from), sender_.TextOf(std::move(reply)));
}

Task<Answer> Surveys::AnswerTo(Question question) {
  if (auto* channels = std::get_if<AskChannels>(&question)) {
    auto found = co_await local_.Channels(std::move(channels->pattern));
    if (!found) co_return FailedAnswer{std::move(found.error())};
    co_return ChannelsAnswer{.channels = *std::move(found)};
  }
  if (auto* user = std::get_if<AskUser>(&question)) {
    co_return UserAnswer{.sessions = co_await local_.CountOfUser(std::move(user->user))};
  }
  if (auto* connections = std::get_if<AskConnections>(&question)) {
    auto found = co_await local_.Connections(std::move(*connections));
    if (!found) co_return FailedAnswer{std::move(found.error())};
    co_return *std::move(found);
  }
  const std::vector<control::NodeInfo> nodes = co_await local_.Nodes();
  membership_.SetOwn(nodes.front());
  co_return membership_.own();
}

}  // namespace tidemill::cluster
