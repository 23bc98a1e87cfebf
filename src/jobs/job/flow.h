// Flow: what a job's member "custom" says of other jobs: what it waits for, what it shares limits with, and
// which batch it is the callback of. A value; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tidemill {
class JsonReader;
}

namespace tidemill::job {

struct Job;

inline constexpr std::size_t kDependenciesMax = 100;  // of one job: jobs and signals
inline constexpr std::size_t kSignalBytesMax = 256;
inline constexpr std::size_t kSequenceKeyBytesMax = 256;
inline constexpr std::size_t kWorkflowBytesMax = 128;
inline constexpr std::size_t kNodeNameBytesMax = 128;
inline constexpr std::size_t kLimitKeyBytesMax = 256;
inline constexpr int kWeightMax = 1000;
inline constexpr Duration kSignalsWithinMax = Hours(24 * 366);

struct Flow {
  // custom.depends_on: jids; custom.signals: names. It runs when all of them are there.
  std::vector<std::string> depends_on;
  std::vector<std::string> signals;
  // custom.signals_within, in seconds from the push, and .on_timeout: what becomes of it when not all of them
  // have come by then: it is dead, or goes on without.
  Duration signals_within;  // 0: for ever
  enum class OnTimeout : std::uint8_t { kFail, kContinue } on_timeout = OnTimeout::kFail;
  // custom.on_failure: what becomes of it when a job it depends on never succeeds.
  enum class OnFailure : std::uint8_t { kWait, kCancel, kRun } on_failure = OnFailure::kWait;
  // custom.sequence_key: jobs of one key run one at a time, in the order in which they were pushed.
  std::string sequence_key;
  // custom.sequence_on_dead: whether those behind it wait when it is dead, or go on.
  enum class OnDead : std::uint8_t { kHalt, kSkip } on_dead = OnDead::kHalt;
  // custom.workflow and .node: what it belongs to, and its name there. Its end is remembered, so that others
  // may depend on it.
  std::string workflow;
  std::string node;
  std::string limit_key;  // custom.limit_key: which limit by key it counts for
  int weight = 1;         // custom.weight: how much it counts
  // custom._bid and ._cb: the batch that it is a callback of. Set by the server.
  std::string callback_of;
  enum class Callback : std::uint8_t { kNone, kComplete, kSuccess } callback = Callback::kNone;

  // Whether it waits before it runs.
  bool waits() const { return !depends_on.empty() || !signals.empty() || !sequence_key.empty(); }
  friend bool operator==(const Flow&, const Flow&) = default;
};

// Takes over a member of custom, if it is one of these; false: it is none. An error names it.
Result<bool> ReadFlowMember(std::string_view key, JsonReader& json, Flow& flow);

// A member of custom that the server sets: `json` is one value; empty: the member is taken out.
struct CustomMember {
  std::string_view key;
  std::string_view json;
};
// Sets them in `job.members`, the text that is kept; the fields that were read of custom stay as they are.
void SetCustom(Job& job, std::span<const CustomMember> members);

}  // namespace tidemill::job
