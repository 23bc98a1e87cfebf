// BatchStore: what stands between Batches and a store, for tests: it takes each flush, keeps it or not, and
// makes a Batches anew from what was kept. As the engine does, it puts what a failed flush had into the next
// one, but for what clients asked for.
//
//   BatchStore store;
//   store.Ask(store.batches().New("b-1234567", …));
//   store.Join("b-1234567");
//   store.Flush();          // kept
//   store.Flush(false);     // failed
//   store.Restart();        // what was not kept is gone
//   store.TakePushed();     // the callbacks that were pushed
//
// A planted fault is a mistake of whoever carries flushes to the store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobs/batches/batches.h"

namespace tidemill::jobs::testing {

enum class BatchFault : std::uint8_t {
  kNone,
  kCallbacksBeforeRecords,    // a flush that fails has pushed its callbacks
  kRecordsBeforeCallbacks,    // a flush that fails has written its records, and a crash loses the rest
  kForgetsWhatFailed,         // a flush that failed is not tried again
  kConfirmsTooEarly,          // when the flush begins
  kNeverUndoes,               // what clients asked for in vain stays
  kRecoversWithoutCallbacks,  // the texts are not read at a start
  kDoesNotEvaluate,           // Recover is not called
};

class BatchStore {
 public:
  explicit BatchStore(Batches::Options options = {}, BatchFault fault = BatchFault::kNone)
      : options_(options), fault_(fault), batches_(std::make_unique<Batches>(options)) {}

  Batches& batches() { return *batches_; }
  const std::map<std::pair<std::string, std::string>, Record>& records() const { return records_; }
  WallTime now{1'750'000'000'000};

  // False: it was refused. What was asked for goes into the next flush.
  bool Ask(Result<Batches::Asked> asked);
  bool Join(std::string_view bid);

  // What happened is over: callbacks that are due go into the next flush.
  void TakeDue();

  // A flush that is kept or fails at once.
  void Flush(bool is_kept = true);
  // The same in two steps, so that something can happen while it is under way.
  void BeginFlush();
  void EndFlush(bool is_kept);
  // A flush that is under way is lost.
  void Restart();

  // The callbacks pushed since the last call, in their order.
  std::vector<job::Job> TakePushed() { return std::exchange(pushed_, {}); }

 private:
  struct Carried {
    Batches::Output output;
    std::vector<job::Job> callbacks;
    std::vector<Batches::Asked> asked;
    std::vector<std::string> joined;
  };
  static void Append(Carried from, Carried& to);
  void WriteRecords(const Carried& carried);

  Batches::Options options_;
  BatchFault fault_;
  std::unique_ptr<Batches> batches_;
  Carried gathered_;
  Carried flying_;
  std::map<std::pair<std::string, std::string>, Record> records_;
  std::vector<job::Job> pushed_;
};

}  // namespace tidemill::jobs::testing
