#include "jobs/engine/forgotten.h"

#include "net/blocking.h"

namespace tidemill::jobs {

void Forgotten::Destroy() {
  if (waiting_.empty()) return;
  auto all = std::make_shared<std::vector<std::shared_ptr<void>>>(std::exchange(waiting_, {}));
  scope_.Spawn(net::RunBlocking(loop_, [moved = std::move(all)] { moved->clear(); }));
}

}  // namespace tidemill::jobs
