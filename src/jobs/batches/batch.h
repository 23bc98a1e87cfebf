// Batch: a set of jobs with callbacks, as a value, and the record that a store keeps of it.
//
// A value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/job/flow.h"
#include "jobs/store/store.h"

namespace tidemill::jobs {

inline constexpr std::string_view kBatchKind = "batch";
// The callbacks that are still to come, each written once: their keys are "BID/complete", "BID/success".
inline constexpr std::string_view kBatchCallbackKind = "batch_callback";

enum class CallbackState : std::uint8_t {
  kPending,
  kEnqueued,
  kGivenUp,  // enqueued, and then dead or gone: it may still be run again by hand
  kSucceeded,
};
// As STATUS says it: "", "1", "1", "2".
std::string_view StatusText(CallbackState state);
// "pending", "enqueued", "given_up", "succeeded".
std::string_view Name(CallbackState state);

struct BatchCallback {
  std::string jid;
  CallbackState state = CallbackState::kPending;
  friend bool operator==(const BatchCallback&, const BatchCallback&) = default;
};

// How many of the batch's own jobs there are, and how they stand. Those of its children count there.
struct BatchCounts {
  std::uint64_t total = 0;
  std::uint64_t pending = 0;  // not acknowledged, whether they have run or not
  std::uint64_t failed = 0;   // of these: have run and failed, or are dead or gone
  friend bool operator==(const BatchCounts&, const BatchCounts&) = default;
};

struct Batch {
  std::string bid;
  std::string parent;  // empty: none
  std::string description;
  WallTime created_at;
  WallTime changed_at;
  int depth = 0;               // how many are above it
  bool was_committed = false;  // at least once
  bool is_committed = false;   // and not opened again since
  BatchCounts counts;
  std::uint64_t children = 0;
  std::uint64_t children_incomplete = 0;
  std::uint64_t children_unsuccessful = 0;
  // What its parent knows of it.
  bool is_complete = false;
  bool is_successful = false;
  std::optional<BatchCallback> complete;
  std::optional<BatchCallback> success;

  friend bool operator==(const Batch&, const Batch&) = default;
};

Record EncodeBatch(const Batch& batch, WallTime expires_at);
// kInvalidArgument: it is no such record.
Result<Batch> DecodeBatch(const Record& record);

// The key of a callback's record, and back; the bid is empty if it is none.
std::string CallbackKey(std::string_view bid, job::Flow::Callback callback);
struct CallbackName {
  std::string_view bid;
  job::Flow::Callback callback = job::Flow::Callback::kNone;
};
CallbackName ParseCallbackKey(std::string_view key);

}  // namespace tidemill::jobs
