// Keeper: keeps a node's access list in step with the store: reads all of it at the start, and each second
// what is new. So a node that did not hear of a decision from the others (cluster/) has it a second later.
//
// What the store lost, as a Redis that was restarted without its data, it gets back from the list.
//
// Loop thread only.
#pragma once

#include <functional>
#include <optional>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "realtime/access/access_list.h"
#include "realtime/access/store.h"

namespace tidemill::access {

class Keeper {
 public:
  static constexpr Duration kPause = Seconds(1);

  // Acts on the sessions of this node that a decision concerns, and puts it into the list.
  using Apply = std::function<Task<Result<void>>(Entry)>;

  // All are borrowed. The list is not ready until the store has been read.
  Keeper(net::Loop& loop, Store& store, AccessList& list, Apply apply, metrics::Registry& registry);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  void Start() { scope_.Spawn(Run()); }

 private:
  Task<void> Run();
  // Whether all has been read.
  Task<Result<bool>> Look();
  Task<void> Take(Entry entry);
  void NoteFailure(const Error& error);
  Task<Result<void>> GiveBack();

  net::Loop& loop_;
  Store& store_;
  AccessList& list_;
  const Apply apply_;
  metrics::Counter& failed_;
  bool gives_back_ = false;  // when all has been read: what the store has not
  std::optional<MonotonicTime> failing_since_;
  bool told_ = false;  // the log of it
  TaskScope scope_;    // last: its task refers to all above
};

}  // namespace tidemill::access
