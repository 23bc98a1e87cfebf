// Blocking work on the thread pool that the resolver uses too: in no order, for what is rare and short. What
// must keep its order, or blocks often, gets a thread of its own: net/worker.h.
#pragma once

#include <functional>

#include "net/loop.h"
#include "net/task.h"

namespace tidemill::net {

// Runs `work` on the thread pool. It runs to its end even when the waiting task is destroyed: it must own
// what it touches.
Task<void> RunBlocking(Loop& loop, std::function<void()> work);

// At the end of the process, when there are no loops: ends the pool's threads, and with them what libraries
// keep for each, which must go before the libraries themselves do.
void EndBlockingThreads();

}  // namespace tidemill::net
