#include "net/blocking.h"

#include <uv.h>

#include <memory>
#include <utility>

#include "base/assert.h"
#include "net/reply.h"

namespace tidemill::net {
namespace {

// Belongs to libuv until its callback, whether or not the reply is still waited for.
struct WorkRequest {
  uv_work_t request;
  std::function<void()> work;
  Reply<bool>::Sender sender;
};

}  // namespace

Task<void> RunBlocking(Loop& loop, std::function<void()> work) {
  Reply<bool> reply(loop);
  auto* const request = new WorkRequest{{}, std::move(work), reply.sender()};
  request->request.data = request;
  const auto run = [](uv_work_t* handle) {
    AssertNotOnLoop();
    static_cast<WorkRequest*>(handle->data)->work();
  };
  const auto done = [](uv_work_t* handle, int) {
    const std::unique_ptr<WorkRequest> finished(static_cast<WorkRequest*>(handle->data));
    finished->sender.Send(true);
  };
  // It refuses only a missing callback.
  TM_ASSERT(uv_queue_work(loop.uv(), &request->request, run, done) == 0);
  co_await reply;
}

void EndBlockingThreads() { uv_library_shutdown(); }

}  // namespace tidemill::net
