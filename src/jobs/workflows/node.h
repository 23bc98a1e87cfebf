// Node: a job that waits for others, or that others may wait for, as a value; and the record of it.
//
// A value; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/job/flow.h"
#include "jobs/store/store.h"

namespace tidemill::jobs {

inline constexpr std::string_view kNodeKind = "node";
inline constexpr std::string_view kSignalKind = "signal";

enum class NodeState : std::uint8_t {
  kBlocked,  // waits for what is named below
  kOpen,     // waits no more: queued, scheduled, running, to be retried
  kDone,     // acknowledged
  kDead,     // may be run again by hand
  kGone,     // cancelled, discarded, expired: it never succeeds
};
std::string_view Name(NodeState state);  // "blocked", "open", …

struct Node {
  std::string jid;
  JobId id;
  std::string queue;
  std::string workflow;  // custom.workflow; empty: none
  std::string name;      // custom.node: its name there
  NodeState state = NodeState::kBlocked;
  std::vector<std::string> depends_on;
  std::vector<std::string> signals;
  std::optional<WallTime> signals_until;  // nullopt: for ever
  job::Flow::OnTimeout on_timeout = job::Flow::OnTimeout::kFail;
  job::Flow::OnFailure on_failure = job::Flow::OnFailure::kWait;
  std::string sequence;
  job::Flow::OnDead on_dead = job::Flow::OnDead::kHalt;
  std::string result;  // JSON; empty: none
  WallTime changed_at;

  bool has_ended() const { return state == NodeState::kDone || state == NodeState::kGone; }
  friend bool operator==(const Node&, const Node&) = default;
};

Record EncodeNode(const Node& node, std::optional<WallTime> expires_at);
Record EncodeSignal(std::string_view name, std::string_view payload, std::optional<WallTime> expires_at);
// Brings the payload to one line. kInvalidArgument: a name or a payload that cannot be; kLimitExceeded: the
// payload is too long.
Result<> CheckSignal(std::string_view name, std::string& payload, std::size_t payload_bytes_max);
// kInvalidArgument: it is no such record.
Result<Node> DecodeNode(const Record& record);

}  // namespace tidemill::jobs
